import type { LogicalType, MappingPlan } from '../../model/plan.ts';
import type { Condition, Handle } from './handle.ts';
import type { StagedTable } from './staged-table.ts';

/** What each database does in its own way. All other SQL is shared. */
export interface Dialect {
  /** Setting that says where the database is, for messages. */
  readonly setting: 'storage' | 'schema';
  /** Pseudo-column that tells the rows of a table apart, as long as nobody writes. */
  readonly row: string;
  /** Type of a column that holds it. */
  readonly rowType: string;
  /** The table `stg_<mapping>`. */
  table(mapping: Pick<MappingPlan, 'name' | 'properties'>): StagedTable;
  /** Whether a column's value lies beyond a limit, a canonical value of its type. `column` is quoted. */
  beyond(column: string, type: LogicalType['name'], sign: '<' | '>', limit: string): Condition;
  /** Whether a column's value is none of these, of which there is one at least. */
  unlisted(column: string, type: LogicalType['name'], values: readonly string[]): Condition;
  /** A value of a typed column as its canonical text. */
  text(sql: string, type: LogicalType['name']): string;
  /** Changes with every commit of another connection, and with every change of this one. */
  state(handle: Handle): Promise<string>;
  /** Makes sure that not even a power failure takes back what was committed. */
  settle(handle: Handle): Promise<void>;
  /** Writes everything anew, so that what was deleted leaves no bytes. `storage` is for messages. */
  scrub(handle: Handle, storage: string): Promise<void>;
  /** Gives the space of what was deleted back to the disk, where there is time for it. */
  shrink(handle: Handle): Promise<void>;
}
