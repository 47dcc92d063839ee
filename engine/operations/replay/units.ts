import type { BlockedRow, MappedRows, StagedValue } from '../../model/batch.ts';
import type { MappingPlan } from '../../model/plan.ts';
import type { ReplaySide } from '../../model/replay.ts';

/** What a side made of a record, or of one element of it; nothing where it was left out. */
export type Outcome =
  | { readonly kind: 'row'; readonly values: ReadonlyMap<string, StagedValue> }
  | { readonly kind: 'blocked'; readonly row: BlockedRow };

/** A record of a page, or one element of it, as the sides have it. */
export interface Unit {
  readonly ordinal: number;
  readonly index: number | null;
  /** The primary key, as text. */
  readonly record: string;
  /** Normalised; unknown where no side has a row of it. */
  readonly cursor?: string | undefined;
  readonly base?: Outcome;
  readonly own?: Outcome;
  readonly head?: Outcome;
}

/** How many of the values behind a row's own say where it comes from: see `stagedMeta`. */
const metaCount = 7;

interface Found {
  readonly ordinal: number;
  readonly index: number | null;
  readonly record: string;
  readonly cursor?: string | undefined;
  readonly outcome: Outcome;
}

type Made = { readonly [side in ReplaySide]?: MappedRows };
type Plans = { readonly [side in ReplaySide]?: MappingPlan };

const sides = ['base', 'own', 'head'] as const;

type Building = { -readonly [key in keyof Unit]: Unit[key] };

/** All units of a page of which a side has made something, in the order of the page. */
export function unitsOf(made: Made, plans: Plans): readonly Unit[] {
  const units = new Map<string, Building>();
  for (const side of sides) {
    const [rows, plan] = [made[side], plans[side]];
    if (rows === undefined || plan === undefined) continue;
    const found = foundIn(rows, plan);
    for (const one of found) add(units, side, one);
  }
  const sorted = [...units.values()].sort(byPosition);
  for (const side of sides) if ((made[side]?.deduplicated ?? 0) > 0) repeat(sorted, side);
  return sorted;
}

const byPosition = (a: Unit, b: Unit): number => a.ordinal - b.ordinal || (a.index ?? 0) - (b.index ?? 0);

function add(
  units: Map<string, Building>,
  side: ReplaySide,
  { ordinal, index, record, cursor, outcome }: Found,
): void {
  const name = `${ordinal}:${index}`;
  const unit = units.get(name) ?? { ordinal, index, record };
  unit.cursor ??= cursor;
  unit[side] = outcome;
  units.set(name, unit);
}

/** What was left out since the page has said the same before is there all the same. */
function repeat(units: readonly Building[], side: ReplaySide): void {
  const known = new Map<string, Outcome>();
  for (const unit of units) {
    const name = `${unit.index}:${unit.record}`;
    const [own, before] = [unit[side], known.get(name)];
    if (own?.kind === 'row') known.set(name, own);
    else if (own === undefined && before !== undefined) unit[side] = before;
  }
}

function foundIn(rows: MappedRows, { properties }: MappingPlan): readonly Found[] {
  const names = properties.map(({ name }) => name);
  const width = 1 + names.length + metaCount;
  const found: Found[] = [];
  for (let start = 0; start < rows.values.length; start += width) {
    const at = (offset: number): StagedValue => rows.values[start + 1 + names.length + offset] ?? null;
    // A marker is no row.
    if (at(6) !== null) continue;
    const cursor = at(4);
    found.push({
      ordinal: Number(at(1)),
      index: at(2) === null ? null : Number(at(2)),
      record: String(at(3)),
      ...(cursor !== null && { cursor: String(cursor) }),
      outcome: {
        kind: 'row',
        values: new Map(names.map((name, column) => [name, rows.values[start + 1 + column] ?? null])),
      },
    });
  }
  for (const row of rows.blocked) {
    const { ordinal, index, record } = row;
    found.push({ ordinal, index, record, outcome: { kind: 'blocked', row } });
  }
  return found;
}
