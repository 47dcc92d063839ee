import type { StagedValue } from '../../model/batch.ts';
import type { LogicalType, MappingPlan } from '../../model/plan.ts';
import type {
  ColumnReplay,
  MappingEdit,
  MappingReplay,
  ReplayedPage,
  ReplaySample,
  ReplaySide,
  UnitChange,
  UnitCounts,
} from '../../model/replay.ts';
import { type Judged, judge, valuesOf } from './rules.ts';
import { type Unit, unitsOf } from './units.ts';

export interface ComparisonOptions {
  readonly edit: MappingEdit;
  readonly plans: { readonly [side in ReplaySide]?: MappingPlan };
  /** Columns whose values are not shown. */
  readonly isPersonal: (column: string) => boolean;
  readonly hide: (value: string) => string;
  readonly samplesMax: number;
}

interface Difference extends Judged {
  readonly unit: Unit;
  readonly page: number;
}

/** The newest version of a record: what there is of it, and what differs. */
interface Version {
  readonly cursor: string;
  readonly rows: { readonly base: number; readonly head: number };
  readonly differences: readonly Difference[];
}

const noCounts: UnitCounts = { added: 0, removed: 0, changed: 0, blocked: 0, unblocked: 0 };

/** Compares what two sides make of the pages of a mapping. Of each record only the newest version counts, as in its table. */
export class MappingComparison {
  readonly #options: ComparisonOptions;
  readonly #judge: (unit: Unit) => Judged | undefined;
  readonly #versions = new Map<string, Version>();
  #pages = 0;

  constructor(options: ComparisonOptions) {
    this.#options = options;
    const { edit, plans } = options;
    this.#judge = judge(edit, { hasOwn: plans.own !== undefined, numbers: numbersIn(plans) });
  }

  add({ page, made }: ReplayedPage): void {
    const { plans, edit } = this.#options;
    const rowsOf = (side: ReplaySide) => {
      const rows = made[side];
      return rows !== undefined && 'find' in rows
        ? rows.find(({ mapping }) => mapping === edit.mapping)
        : undefined;
    };
    const [base, own, head] = [rowsOf('base'), rowsOf('own'), rowsOf('head')];
    const units = unitsOf({ ...(base && { base }), ...(own && { own }), ...(head && { head }) }, plans);
    this.#pages += 1;
    for (let start = 0; start < units.length; ) {
      const ordinal = units[start]?.ordinal;
      const end = units.findIndex((unit, at) => at > start && unit.ordinal !== ordinal);
      const record = units.slice(start, end === -1 ? units.length : end);
      this.#version(page, record);
      start += record.length;
    }
  }

  #version(page: number, units: readonly Unit[]): void {
    const [first] = units;
    if (first === undefined) return;
    const { base, head } = this.#options.plans;
    // Where all versions are kept, each is a row of its own.
    const isKept = (head ?? base)?.strategy !== undefined;
    const name = isKept ? `${page}:${first.ordinal}` : first.record;
    const known = this.#versions.get(name);
    const cursor = units.find((unit) => unit.cursor !== undefined)?.cursor ?? known?.cursor ?? '';
    if (known !== undefined && cursor < known.cursor) return;
    const count = (side: 'base' | 'head'): number =>
      units.filter((unit) => unit[side]?.kind === 'row').length;
    const differences = units.flatMap((unit): Difference[] => {
      const judged = this.#judge(unit);
      return judged === undefined ? [] : [{ ...judged, unit, page }];
    });
    this.#versions.set(name, { cursor, rows: { base: count('base'), head: count('head') }, differences });
  }

  /** `olderPages`: pages that there are besides. */
  result(olderPages: number): MappingReplay {
    const { edit, samplesMax } = this.#options;
    const rows = { base: 0, head: 0 };
    const differences: Difference[] = [];
    for (const version of this.#versions.values()) {
      rows.base += version.rows.base;
      rows.head += version.rows.head;
      differences.push(...version.differences);
    }
    const unexplained = differences.filter(({ explained }) => !explained);
    const shown = [...unexplained, ...differences.filter(({ explained }) => explained)];
    return {
      mapping: edit.mapping,
      state: edit.state,
      edits: edit.keys,
      inherited: edit.inherited,
      pages: this.#pages,
      olderPages,
      rows,
      counts: countsOf(differences),
      unexplained: countsOf(unexplained),
      columns: this.#columns(differences),
      samples: shown.slice(0, samplesMax).map((one) => this.#sample(one)),
    };
  }

  #columns(differences: readonly Difference[]): readonly ColumnReplay[] {
    const { base, head } = this.#options.plans;
    const [then, now] = [typesOf(base), typesOf(head)];
    const isBoth = base !== undefined && head !== undefined;
    const cells = differences.flatMap(({ columns }) => columns);
    return [...new Set([...now.keys(), ...then.keys()])].flatMap((column) => {
      const own = cells.filter((cell) => cell.column === column);
      const change = isBoth ? columnChange(then.get(column), now.get(column)) : 'values';
      if (change === 'values' && own.length === 0) return [];
      const unexplained = own.filter(({ explained }) => !explained).length;
      const isEdited = change === 'values' || this.#options.edit.columns.includes(column);
      return [
        {
          column,
          change,
          ...(change === 'retyped' && { types: [then.get(column) ?? '', now.get(column) ?? ''] as const }),
          rows: own.length,
          unexplained,
          explained: unexplained === 0 && isEdited,
        },
      ];
    });
  }

  #sample({ change, unit, page, columns, explained }: Difference): ReplaySample {
    const { plans } = this.#options;
    const [base, head] = [valuesOf(unit.base), valuesOf(unit.head)];
    const of = head.size > 0 ? head : base;
    const key = (plans.head ?? plans.base)?.key.slice(1) ?? [];
    const blocked = [unit.head, unit.base].find((one) => one?.kind === 'blocked');
    return {
      change,
      key:
        of.size > 0
          ? Object.fromEntries(key.map((column) => [column, this.#shown(column, of.get(column))]))
          : this.#record(unit),
      page,
      cells: columns.map(({ column }) => ({
        column,
        base: this.#shown(column, base.get(column)),
        head: this.#shown(column, head.get(column)),
      })),
      ...(blocked?.kind === 'blocked' && { reason: this.#reason(blocked.row) }),
      explained,
    };
  }

  #record({ record, index }: Unit): ReplaySample['key'] {
    const shown = this.#shown('record', record);
    return index === null ? { record: shown } : { record: shown, element: String(index) };
  }

  #reason({ property, code, reason }: { property: string; code: string; reason: string }): string {
    // A reason may quote the value.
    return this.#options.isPersonal(property) ? `${property}: ${code}` : `${property}: ${reason}`;
  }

  #shown(column: string, value: StagedValue | undefined): string | null {
    if (value === null || value === undefined) return null;
    const text = String(value);
    if (this.#options.isPersonal(column)) return this.#options.hide(text);
    return text.length > shownMax ? `${text.slice(0, shownMax - 1)}…` : text;
  }
}

/** The longest text of a value that is shown. */
const shownMax = 80;

function countsOf(differences: readonly Difference[]): UnitCounts {
  const counts: Record<UnitChange, number> = { ...noCounts };
  for (const { change } of differences) counts[change] += 1;
  return counts;
}

/** Columns that are exact numbers on both sides. */
function numbersIn({ base, head }: ComparisonOptions['plans']): ReadonlySet<string> {
  const exact = (mapping: MappingPlan | undefined): readonly string[] =>
    (mapping?.properties ?? []).flatMap(({ name, type }) =>
      type.name === 'integer' || type.name === 'decimal' ? [name] : [],
    );
  const now = new Set(exact(head));
  return new Set(exact(base).filter((name) => now.has(name)));
}

const typesOf = (mapping: MappingPlan | undefined): ReadonlyMap<string, string> =>
  new Map((mapping?.properties ?? []).map(({ name, type }) => [name, typeText(type)]));

const typeText = (type: LogicalType): string =>
  type.name === 'decimal' ? `decimal(${type.precision},${type.scale})` : type.name;

function columnChange(then: string | undefined, now: string | undefined): ColumnReplay['change'] {
  if (then === undefined) return 'added';
  if (now === undefined) return 'removed';
  return then === now ? 'values' : 'retyped';
}
