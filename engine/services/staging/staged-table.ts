import { type MappedRows, stagedMeta } from '../../model/batch.ts';
import { accountColumn } from '../../model/columns.ts';
import type { LogicalType, MappingPlan } from '../../model/plan.ts';
import type { StagedRow } from '../../model/ports.ts';
import type { Condition, Handle } from './handle.ts';

/** The table `stg_<mapping>` of a mapping: its columns, and its SQL. */
export interface StagedTable {
  /** Quoted. */
  readonly name: string;
  /** A column as SQL names it, quoted. */
  column(name: string): string;
  /** SQL of a column's value as it was staged. */
  value(name: string): string;
  create(handle: Handle): Promise<void>;
  drop(handle: Handle): Promise<void>;
  /** Gives the table another name, if it is there. */
  rename(handle: Handle, to: StagedTable): Promise<void>;
  /** Names of the columns that it has; none where it is not there. */
  present(handle: Handle): Promise<readonly string[]>;
  insert(handle: Handle, rows: MappedRows): Promise<void>;
  /** The rows of some pages as they were staged, in page order; `only` is a condition of the row `t`. */
  rows(handle: Handle, firstPage: number, lastPage: number, only?: Condition): Promise<readonly StagedRow[]>;
}

export interface StagedColumn {
  readonly name: string;
  /** `count` is a whole number of ours, `word` a text of ours without characters that need care. */
  readonly type: LogicalType['name'] | 'count' | 'word';
}

const metaTypes = {
  _page: 'count',
  _ordinal: 'count',
  _index: 'count',
  _record: 'string',
  _cursor: 'string',
  _hash: 'word',
  _op: 'word',
} as const;

/** The columns of `stg_<mapping>`, in the order of staged values. */
export const stagedColumns = ({ properties }: Pick<MappingPlan, 'properties'>): readonly StagedColumn[] => [
  { name: accountColumn, type: 'word' },
  ...properties.map(({ name, type }): StagedColumn => ({ name, type: type.name })),
  ...stagedMeta.map((name): StagedColumn => ({ name, type: metaTypes[name] })),
];

/** Page order. */
export const pageOrder = 'ORDER BY _page, _ordinal, _index NULLS FIRST';

/** What people read shows U+0000, which databases would end the text at. */
export const visible = (text: string): string => text.replaceAll('\0', '␀');
