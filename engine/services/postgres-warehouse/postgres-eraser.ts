import { complaint, TerminalError } from '../../model/errors.ts';
import type { EraseStatement, WarehouseEraser } from '../../model/forget.ts';
import { sqlEraser } from '../warehouse/eraser.ts';
import { messageOf } from '../warehouse/session.ts';
import { tables } from '../warehouse/sql-warehouse.ts';
import { PostgresConnector, type PostgresWarehouseOptions } from './postgres-warehouse.ts';

/** Deletes rows of persons from a PostgreSQL warehouse, and their bytes from its tables. */
export function postgresEraser(options: PostgresWarehouseOptions): WarehouseEraser {
  const connector = new PostgresConnector(options);
  const touched = new Map<string, Pick<EraseStatement, 'schema' | 'table'>>();
  const eraser = sqlEraser(connector, options.statements, () =>
    rewrite(connector, options, [...touched.values()]),
  );
  return {
    ...eraser,
    // Also tables without such a row: an earlier attempt may have ended between the two.
    erase: (statements) => {
      for (const { schema, table } of statements)
        touched.set(JSON.stringify([schema, table]), { schema, table });
      return eraser.erase(statements);
    },
  };
}

/** PostgreSQL leaves deleted rows in pages that it uses again some day; FULL writes the tables and their indexes anew. */
async function rewrite(
  connector: PostgresConnector,
  { statements }: PostgresWarehouseOptions,
  touched: readonly Pick<EraseStatement, 'schema' | 'table'>[],
): Promise<void> {
  await connector
    .using(async (session) => {
      for (const { schema, table } of await tables(session, statements, touched))
        await session.execute(
          `VACUUM (FULL) ${connector.identifier(schema)}.${connector.identifier(table)}`,
          {},
        );
    })
    .catch((error: unknown) => {
      throw rewriteFailure(connector.where, error);
    });
}

const rewriteFailure = (where: string, error: unknown): TerminalError =>
  new TerminalError(
    complaint(
      'ETL0721',
      `tables of ${where} could not be written anew: ${messageOf(error)}`,
      'The rows are deleted, but bytes of them are still in the files of their tables.',
      'VACUUM FULL needs as much space again as a table has, nobody else who reads it, and a user who owns it. Give the command again then.',
    ),
    error,
  );
