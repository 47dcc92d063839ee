import { randomUUID } from 'node:crypto';
import type { Warehouse } from '../../engine/model/ports.ts';
import type { WarehouseStatements } from '../../engine/model/warehouse-views.ts';
import type {
  SnowflakeLogin,
  SnowflakeOptions,
} from '../../engine/services/snowflake-warehouse/snowflake-options.ts';
import { snowflakeWarehouse } from '../../engine/services/snowflake-warehouse/snowflake-warehouse.ts';
import type { WarehouseUnderTest } from '../contracts/warehouse-bench.ts';
import { atEnd } from './at-end.ts';
import { preset, SnowflakeStandIn } from './snowflake/stand-in.ts';
import { statementsOf } from './warehouse-statements.ts';

const started: { close(): Promise<unknown> }[] = [];

atEnd(async () => {
  for (const one of started.splice(0)) await one.close();
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
    refusedValue: 'ETL0736',
    open,
    alter: (sql) => defined(open, settings, quoted(sql, login.schema)),
  };
}

async function defined(
  open: (statements: WarehouseStatements) => Warehouse,
  settings: WarehouseUnderTest['settings'],
  sql: string,
): Promise<void> {
  const warehouse = open(statementsOf(settings));
  await warehouse.define([sql]);
  await warehouse.close();
}

/** A stand-in of its own. */
export async function snowflakeUnderTest(): Promise<WarehouseUnderTest> {
  const standIn = await SnowflakeStandIn.start();
  started.push(standIn);
  const { account, username: user, password, role, warehouse, database } = preset;
  const login = { account, host: standIn.url, user, password, role, warehouse, database, schema: 'sales' };
  return underTest(
    { ...login, authenticator: 'password' },
    { ...login, type: 'snowflake', password: '${env:SNOWFLAKE_PASSWORD}' },
    { SNOWFLAKE_PASSWORD: password },
  );
}

type Variables = Readonly<Record<string, string | undefined>>;

/** Variables that a live account needs; of the credentials one. */
const needed = ['ACCOUNT', 'USER', 'DATABASE'];
const credentials = ['PRIVATE_KEY_PATH', 'PASSWORD', 'TOKEN'];

/** Why there is no live account to test with. */
export function notLive(variables: Variables): string | undefined {
  const has = (name: string): boolean => Boolean(variables[`SNOWFLAKE_TEST_${name}`]);
  const lacking = needed.filter((name) => !has(name));
  if (!credentials.some(has)) lacking.push(credentials.join(' or SNOWFLAKE_TEST_'));
  if (lacking.length === 0) return undefined;
  return `no Snowflake account to test with: set ${lacking.map((name) => `SNOWFLAKE_TEST_${name}`).join(', ')}`;
}

/** A schema of its own in a live account; it is dropped when the tests are done. */
export const snowflakeLive = (variables: Variables) => async (): Promise<WarehouseUnderTest> => {
  const schema = `SLUICE_TEST_${randomUUID().replaceAll('-', '').toUpperCase()}`;
  const given = (name: string): string | undefined => variables[`SNOWFLAKE_TEST_${name}`] || undefined;
  const keys = {
    host: 'HOST',
    role: 'ROLE',
    warehouse: 'WAREHOUSE',
    password: 'PASSWORD',
    privateKeyPath: 'PRIVATE_KEY_PATH',
    privateKeyPass: 'PRIVATE_KEY_PASS',
    token: 'TOKEN',
  };
  const optional = Object.entries(keys).filter(([, name]) => given(name) !== undefined);
  const [account = '', user = '', database = ''] = needed.map(given);
  const authenticator = (given('AUTHENTICATOR') ??
    (given('PRIVATE_KEY_PATH')
      ? 'key_pair'
      : given('TOKEN')
        ? 'oauth'
        : 'password')) as SnowflakeLogin['authenticator'];
  const base = { account, user, database, schema, authenticator };
  const login: SnowflakeLogin = {
    ...base,
    ...Object.fromEntries(optional.map(([key, name]) => [key, given(name) ?? ''])),
  };
  const settings = {
    ...base,
    type: 'snowflake' as const,
    ...Object.fromEntries(optional.map(([key, name]) => [key, `\${env:SNOWFLAKE_TEST_${name}}`])),
  };
  const under = underTest(login, settings, {});
  started.push({ close: () => under.alter(`DROP SCHEMA IF EXISTS "${schema}"`) });
  return under;
};
