import type { LoadedCounts, LoadedLedger, LoadRecord, StagedLoad } from '../../model/audit.ts';

/** Something that speaks against a load; `rows` are those that it leaves in doubt. */
export interface LoadDoubt {
  readonly kind: 'unbalanced' | 'moved' | 'disagreeing' | 'unwitnessed' | 'unknown' | 'replaced';
  readonly unit: string;
  readonly pages: string;
  readonly rows: number;
  /** What the two sides say. */
  readonly said: string;
}

/** Holds the loads that the ledger knows against those that the warehouse has noted in the same transaction as their rows. */
export function doubtsOf({ loads, known }: LoadedLedger, noted: readonly LoadRecord[]): readonly LoadDoubt[] {
  const witness = new Map(noted.map((one) => [one.unit, one]));
  const own = loads.flatMap((load) => ownDoubts(load, witness.get(load.unit)));
  const strange = noted.filter(({ unit }) => !known.has(unit));
  const familiar = noted.filter(({ unit }) => known.has(unit));
  return [...own, ...strange.map((one) => strangeDoubt(one, familiar))];
}

function ownDoubts(load: StagedLoad, witness: LoadRecord | undefined): readonly LoadDoubt[] {
  const { counts, held, covered, isWhole } = load;
  const carried = counts.staged + held;
  const doubts: LoadDoubt[] = [];
  const doubt = (kind: LoadDoubt['kind'], rows: number, said: string): void => {
    doubts.push({ kind, unit: load.unit, pages: pagesOf(load), rows, said });
  };
  const outcome = outcomes(counts);
  if (outcome !== counts.staged)
    doubt('unbalanced', Math.abs(outcome - counts.staged), `${counts.staged} staged, ${countsText(counts)}`);
  if (isWhole ? covered !== carried : covered > carried)
    doubt('moved', Math.abs(covered - carried), `${carried} loaded or held, ${covered} staged now`);
  // A load without rows is noted in the ledger alone.
  if (witness === undefined && counts.staged > 0) doubt('unwitnessed', counts.staged, countsText(counts));
  const apart = witness === undefined ? 0 : differenceOf(counts, witness.counts);
  if (witness !== undefined && apart > 0) {
    const theirs = `_etl_loads says ${witness.counts.staged} staged, ${countsText(witness.counts)}`;
    doubt('disagreeing', apart, `${theirs}; the ledger ${counts.staged} staged, ${countsText(counts)}`);
  }
  return doubts;
}

/** A load that was committed by a run which died then is made again, often with other pages: a later one holds them. */
function strangeDoubt(one: LoadRecord, familiar: readonly LoadRecord[]): LoadDoubt {
  const later = familiar.filter(({ loadedAt }) => loadedAt > one.loadedAt);
  const holds = (page: number): boolean =>
    later.some(({ firstPage, lastPage }) => firstPage <= page && page <= lastPage);
  const kind = holds(one.firstPage) && holds(one.lastPage) ? 'replaced' : 'unknown';
  const rows = kind === 'replaced' ? 0 : one.counts.staged;
  return { kind, unit: one.unit, pages: pagesOf(one), rows, said: countsText(one.counts) };
}

const outcomes = ({ inserted, updated, unchanged, superseded }: LoadedCounts): number =>
  inserted + updated + unchanged + superseded;

const countsText = ({ inserted, updated, unchanged, superseded }: LoadedCounts): string =>
  `${inserted} inserted, ${updated} updated, ${unchanged} unchanged, ${superseded} superseded`;

const pagesOf = ({ firstPage, lastPage }: LoadRecord): string =>
  firstPage === lastPage ? `page ${firstPage}` : `pages ${firstPage} to ${lastPage}`;

/** Rows of which two sides say something different, at most. */
const differenceOf = (ours: LoadedCounts, theirs: LoadedCounts): number =>
  Math.max(
    ...(Object.keys(ours) as (keyof LoadedCounts)[]).map((name) => Math.abs(ours[name] - theirs[name])),
  );
