import type { Warehouse } from '../../engine/model/ports.ts';
import type { WarehouseStatements } from '../../engine/model/warehouse-views.ts';
import type {
  SnowflakeLogin,
  SnowflakeOptions,
} from '../../engine/services/snowflake-warehouse/snowflake-options.ts';
import { snowflakeWarehouse } from '../../engine/services/snowflake-warehouse/snowflake-warehouse.ts';
import type { WarehouseUnderTest } from '../contracts/warehouse-bench.ts';
import { preset, SnowflakeStandIn } from './snowflake/stand-in.ts';
import { statementsOf } from './warehouse-statements.ts';

const opened: { close(): Promise<unknown> }[] = [];

after(async () => {
  for (const one of opened.splice(0)) await one.close();
});

const optionsOf = (login: SnowflakeLogin, statements: WarehouseStatements): SnowflakeOptions => ({
  login,
  project: 'demo',
  environment: 'dev',
  statementTimeoutMs: 600_000,
  fileBytes: 16 * 1024,
  uploadsMax: 2,
  statements,
});

/** `{name}` as an identifier in quotes; `{all}` with its schema. */
const quoted = (sql: string, schema: string): string =>
  sql.replace(/\{(\w+)\}/g, (_, name: string) =>
    name === 'all' ? `"${schema.toUpperCase()}"."ALL"` : `"${name.toUpperCase()}"`,
  );

function underTest(
  login: SnowflakeLogin,
  settings: WarehouseUnderTest['settings'],
  environment: WarehouseUnderTest['environment'],
): WarehouseUnderTest {
  const open = (statements: WarehouseStatements): Warehouse =>
    snowflakeWarehouse(optionsOf(login, statements));
  return {
    settings,
    schema: login.schema,
    environment,
    open,
    alter: async (sql) => {
      const warehouse = open(statementsOf(settings));
      await warehouse.define([quoted(sql, login.schema)]);
      await warehouse.close();
    },
  };
}

/** A stand-in of its own. */
export async function snowflakeUnderTest(): Promise<WarehouseUnderTest> {
  const standIn = await SnowflakeStandIn.start();
  opened.push(standIn);
  const { account, username: user, password, role, warehouse, database } = preset;
  const schema = 'sales';
  const login = { account, host: standIn.url, user, password, role, warehouse, database, schema } as const;
  return underTest(
    { ...login, authenticator: 'password' },
    { ...login, type: 'snowflake', password: '${env:SNOWFLAKE_PASSWORD}' },
    { SNOWFLAKE_PASSWORD: password },
  );
}
