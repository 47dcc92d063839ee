import { tableText } from '../../engine/report/table.ts';

/** One thing that was looked at. */
export interface Finding {
  readonly what: string;
  readonly found: string;
  readonly expected: string;
  readonly ok: boolean;
}

/** What an acceptance looked at, right or wrong; it goes on after a fault, so that all of them show. */
export class Findings {
  readonly all: Finding[] = [];

  same(what: string, found: string | number, expected: string | number): void {
    this.all.push({ what, found: String(found), expected: String(expected), ok: found === expected });
  }

  atMost(what: string, found: number, most: number): void {
    this.all.push({ what, found: String(found), expected: `at most ${most}`, ok: found <= most });
  }

  atLeast(what: string, found: number, least: number): void {
    this.all.push({ what, found: String(found), expected: `at least ${least}`, ok: found >= least });
  }

  /** Takes over what others have found. */
  add(prefix: string, { all }: Findings): void {
    this.all.push(...all.map((finding) => ({ ...finding, what: prefix + finding.what })));
  }

  wrong(): readonly Finding[] {
    return this.all.filter(({ ok }) => !ok);
  }

  table(): string {
    const rows = this.all.map(({ what, found, expected, ok }) => [
      what,
      found,
      expected,
      ok ? 'ok' : 'WRONG',
    ]);
    return tableText(['what', 'found', 'expected', ''], rows, [false, true, true, false]);
  }
}
