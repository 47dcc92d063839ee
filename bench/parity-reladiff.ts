import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';

/** A difference that was made, and what a comparison must say of it. */
export interface Planted {
  /** `changed 105 note`: kind, then the key, or the column of a schema; then the columns of a changed row. */
  readonly what: string;
  readonly sql: string;
}

/** Makes a warehouse of this name, and does more to it. */
export type Filled = (name: string, more: readonly string[]) => Promise<void>;

/** What another comparison of tables says of the same ones. */
export interface Peer {
  readonly version: string;
  /** Seconds for equal tables. */
  readonly seconds: number;
  readonly verdict: string;
  readonly missed: readonly { readonly what: string; readonly said: string }[];
}

const compared = ['note', 'city', 'total', 'share', 'placed', 'day', 'paid', 'tags'] as const;
/** It takes no HUGEINT for a key. */
const keyFits = 'ALTER TABLE orders ALTER COLUMN id TYPE BIGINT';

interface Said {
  readonly seconds: number;
  /** Lines of rows that differ, or why it gave up. */
  readonly lines: readonly string[];
}

function perform(command: string, folder: string, left: string, right: string): Said {
  const table = (name: string): readonly string[] => [`duckdb://${join(folder, name)}.duckdb`, 'main.orders'];
  const columns = compared.flatMap((column) => ['-c', column]);
  const startedMs = performance.now();
  const { stdout, stderr, error } = spawnSync(
    command,
    [...table(left), ...table(right), '-k', 'id', ...columns],
    { encoding: 'utf8' },
  );
  if (error !== undefined) throw error;
  const complaints = stderr.split('\n').filter((line) => line.includes('ERROR'));
  const lines = [...stdout.split('\n').filter((line) => /^[-+] /.test(line)), ...complaints];
  return { seconds: (performance.now() - startedMs) / 1000, lines };
}

/**
 * reladiff (https://github.com/erezsh/reladiff) over the tables that `etl parity` compares: how long it takes where they are
 * equal, and, each difference alone, whether it names its key.
 */
export async function reladiff(
  command: string,
  folder: string,
  fill: Filled,
  planted: readonly Planted[],
): Promise<Peer> {
  const version = spawnSync(command, ['--version'], { encoding: 'utf8' }).stdout.trim();
  await fill('left', [keyFits]);
  await fill('right', [keyFits]);
  const equal = perform(command, folder, 'left', 'right');
  const missed = [];
  for (const { what, sql } of planted) {
    rmSync(join(folder, 'right.duckdb'));
    await fill('right', [sql, keyFits]);
    const { lines } = perform(command, folder, 'left', 'right');
    const [, of] = what.split(' ');
    if (!lines.some((line) => line.startsWith(`- ${of},`) || line.startsWith(`+ ${of},`)))
      missed.push({ what, said: lines[0] ?? 'nothing' });
  }
  const verdict = equal.lines.length === 0 ? 'equal' : (equal.lines[0] ?? '');
  return { version, seconds: equal.seconds, verdict, missed };
}
