import type { MappedRows } from '../model/batch.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import { complaint } from '../model/errors.ts';

/** Paths of one mapping that a run remembers, and those that it names. */
const pathsMax = 1000;
const shownMax = 10;

/** What was received in a run and no property reads, by mapping and path. */
export class UnreadPaths {
  readonly #counts = new Map<string, Map<string, number>>();

  add({ mapping, unread = [] }: MappedRows): void {
    const counts = this.#counts.get(mapping) ?? new Map<string, number>();
    this.#counts.set(mapping, counts);
    for (const [path, units] of unread)
      if (counts.has(path) || counts.size < pathsMax) counts.set(path, (counts.get(path) ?? 0) + units);
  }

  diagnostics(): readonly Diagnostic[] {
    return [...this.#counts].flatMap(([mapping, counts]) =>
      counts.size === 0 ? [] : [finding(mapping, counts)],
    );
  }
}

function finding(mapping: string, counts: ReadonlyMap<string, number>): Diagnostic {
  const sorted = [...counts].sort(([a, many], [b, more]) => more - many || (a < b ? -1 : 1));
  const shown = sorted.slice(0, shownMax).map(([path, units]) => `${path} (${units.toLocaleString('en')})`);
  const more = counts.size > shownMax ? ` and ${counts.size - shownMax} more` : '';
  const many = counts.size >= pathsMax ? `${counts.size} or more` : String(counts.size);
  return {
    ...complaint(
      'ETL0541',
      `${mapping}: no property reads ${many} ${counts.size === 1 ? 'path' : 'paths'} that have values: ${shown.join(', ')}${more}`,
      'Map what is wanted; `etl discover` says what the provider has. `unmapped: {keep: _extra}` keeps all of it in a column.',
    ),
    severity: 'warning',
  };
}
