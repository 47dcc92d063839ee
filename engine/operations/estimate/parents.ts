import type { StreamEstimate, StreamHistory } from '../../model/estimate.ts';
import type { ParentPlan, StreamPlan } from '../../model/plan.ts';

/** What reading for so many parents takes. Absent records: nothing tells how many children a parent has. */
export interface ForParents {
  readonly requests: number;
  readonly records?: number;
  readonly basis: string;
}

/**
 * What a stream asks for that is read for each record of another one: of those that wait in kept pages, and of those that the
 * same run brings. `above` is what is expected of the other stream; absent where it is not read.
 */
export function expectedForParents(
  { source, parent, partitions, paginate }: StreamPlan & { readonly parent: ParentPlan },
  { parents = 0, windows }: StreamHistory,
  above: StreamEstimate | undefined,
): ForParents | { readonly unknown: string } {
  const name = `${source}.${parent.stream}`;
  const kept = `${count(parents)} in kept pages`;
  const coming = above === undefined ? 0 : above.expected?.records;
  if (coming === undefined) return { unknown: `how many records of ${name} come is not known; ${kept} wait` };
  const requests = Math.ceil((parents + coming) / parent.batch) * partitions.length;
  const [records, pages] = [sum(windows.map((one) => one.records)), sum(windows.map((one) => one.pages))];
  const each =
    parent.batch === 1 ? 'one request for each record' : `one request for ${count(parent.batch)} records`;
  // Nothing that is kept counts pages by parent.
  const assumed = paginate.type === 'none' ? '' : '; what one is answered with is taken to fit in one page';
  return {
    requests,
    ...(pages > 0 && { records: Math.round((requests * records) / pages) }),
    basis: `${each} of ${name}: ${kept}${coming === 0 ? '' : `, and about ${count(coming)} that come now`}${assumed}`,
  };
}

const sum = (values: readonly number[]): number => values.reduce((all, one) => all + one, 0);

const count = (value: number): string => value.toLocaleString('en');
