import { assert } from '../../model/errors.ts';
import type { BoundValues, Rows, WarehouseSession } from './session.ts';

/** A named statement of a load or an audit; several of one name are one step. */
interface Named<Name> {
  readonly name: Name;
  readonly sql: string;
}

/** The statements of one name, of which there is at least one. */
function statementsOf<Name extends string>(
  statements: readonly Named<Name>[],
  name: Name,
): readonly string[] {
  const found = statements.filter((one) => one.name === name).map(({ sql }) => sql);
  assert(found.length > 0, `the step has a statement ${name}`);
  return found;
}

/** Runs the statements of one name in order, and gives what the last one answers. */
export async function execute<Name extends string>(
  session: WarehouseSession,
  statements: readonly Named<Name>[],
  name: Name,
  values: BoundValues,
): Promise<Rows> {
  let answer: Rows = { rows: [], changed: 0 };
  for (const sql of statementsOf(statements, name)) answer = await session.execute(sql, values);
  return answer;
}

/** Makes what is temporary, and brings a load file to it. */
export async function bring<Name extends string>(
  session: WarehouseSession,
  statements: readonly Named<Name | 'open' | 'copy'>[],
  values: BoundValues,
  file: string,
): Promise<void> {
  await execute(session, statements, 'open', values);
  for (const sql of statementsOf(statements, 'copy')) await session.copy(sql, values, file);
}
