import { complaint, TerminalError } from '../../model/errors.ts';
import type { EraseStatement, WarehouseEraser } from '../../model/forget.ts';
import type { WarehouseStatements } from '../../model/warehouse-views.ts';
import { messageOf, type WarehouseSession } from './session.ts';
import { tables, type WarehouseConnector } from './sql-warehouse.ts';

/** Deletes rows of persons from a warehouse; `rewrite` sees to it that their bytes go, where that takes more. */
export const sqlEraser = (
  connector: WarehouseConnector,
  own: WarehouseStatements,
  rewrite: () => Promise<void>,
): WarehouseEraser => ({
  erase: async (statements) => {
    if (!connector.exists() || statements.length === 0) return 0;
    return connector.using((session) => erase(session, own, statements));
  },
  rewrite,
  close: () => connector.close(),
});

async function erase(
  session: WarehouseSession,
  own: WarehouseStatements,
  statements: readonly EraseStatement[],
): Promise<number> {
  let rows = 0;
  await session.begin();
  try {
    for (const { schema, table, sql, lists } of statements) {
      const [known] = await tables(session, own, [{ schema, table }]);
      if (known !== undefined) rows += (await session.execute(sql, lists)).changed;
    }
    await session.commit();
    return rows;
  } catch (error) {
    await session.rollback().catch(() => {});
    throw eraseFailure(error);
  }
}

const eraseFailure = (error: unknown): TerminalError =>
  new TerminalError(
    complaint(
      'ETL0720',
      `rows of a person could not be deleted from the warehouse: ${messageOf(error)}`,
      'The transaction was rolled back: the tables are as they were, and nothing was erased in staging yet.',
      'Mend the table and give the command again.',
    ),
    error,
  );
