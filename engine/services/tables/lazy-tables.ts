import type { HttpClient } from '../../model/ports.ts';
import type { TableClient } from './table-client.ts';

/** A client for tables that loads its driver with the first request: few projects read databases. */
export function lazyTables(kind: 'postgres' | 'mysql'): HttpClient {
  let made: Promise<TableClient> | undefined;
  const client = (): Promise<TableClient> => {
    made ??= open(kind);
    return made;
  };
  return {
    send: async (...request) => (await client()).send(...request),
    close: async () => (await made)?.close(),
  };
}

async function open(kind: 'postgres' | 'mysql'): Promise<TableClient> {
  const { TableClient } = await import('./table-client.ts');
  return new TableClient(
    kind === 'postgres'
      ? (await import('./postgres-tables.ts')).postgresTables
      : (await import('./mysql-tables.ts')).mysqlTables,
  );
}
