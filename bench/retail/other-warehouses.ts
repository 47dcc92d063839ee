import pg from 'pg';
import { systemClock } from '../../engine/services/clock.ts';
import { postgresWarehouse } from '../../engine/services/postgres-warehouse/postgres-warehouse.ts';
import { snowflakeWarehouse } from '../../engine/services/snowflake-warehouse/snowflake-warehouse.ts';
import { preset, type SnowflakeStandIn } from '../../test/support/snowflake/stand-in.ts';
import { statementsOf } from '../../test/support/warehouse-statements.ts';
import type { Elsewhere } from './elsewhere.ts';

/** A database of its own on a PostgreSQL server. */
export async function postgresElsewhere(
  server: string,
): Promise<Elsewhere & { readonly drop: () => Promise<void> }> {
  const name = `sluice_retail_${process.pid}`;
  await onServer(server, `CREATE DATABASE ${name}`);
  const url = Object.assign(new URL(server), { pathname: `/${name}` }).href;
  const settings = { type: 'postgres', url: '${env:WAREHOUSE_URL}' } as const;
  return {
    settings,
    env: { WAREHOUSE_URL: url },
    open: () => postgresWarehouse({ url, statements: statementsOf(settings), clock: systemClock }),
    drop: () => onServer(server, `DROP DATABASE ${name} WITH (FORCE)`),
  };
}

async function onServer(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(sql).finally(() => client.end());
}

/** Of a load, beside a PUT for each file. The last one is asked only where rows have stayed as they were. */
const statementsMax = 14;

/** A stand-in for Snowflake. What a run sends for a mapping must not depend on how many rows there are. */
export function snowflakeElsewhere(
  standIn: SnowflakeStandIn,
): Elsewhere & { readonly statementsPerMapping: () => number } {
  const { account, username: user, password, role, warehouse, database } = preset;
  const login = { account, host: standIn.url, user, role, warehouse, database, schema: 'retail' };
  const settings = { ...login, type: 'snowflake', password: '${env:SNOWFLAKE_PASSWORD}' } as const;
  const counts: number[] = [];
  return {
    settings,
    env: { SNOWFLAKE_PASSWORD: password },
    open: () =>
      snowflakeWarehouse({
        login: { ...login, password, authenticator: 'password' },
        project: 'online_retail',
        environment: 'dev',
        statementTimeoutMs: 600_000,
        fileBytes: 64 * 1024 ** 2,
        uploadsMax: 2,
        statements: statementsOf(settings),
      }),
    ran: (run, findings) => {
      for (const [mapping, { puts, others }] of byMapping(standIn)) {
        findings.atLeast(`${run}: files for ${mapping}`, puts, 1);
        counts.push(others);
      }
      findings.atMost(`${run}: statements for a mapping`, Math.max(...counts), statementsMax);
      standIn.forgetStatements();
    },
    statementsPerMapping: () => Math.max(...counts),
  };
}

/** Statements of loads by the mapping that their query tag names. */
function byMapping({ statements }: SnowflakeStandIn): ReadonlyMap<string, { puts: number; others: number }> {
  const found = new Map<string, { puts: number; others: number }>();
  for (const { sql, queryTag } of statements) {
    const { mapping } = (queryTag === '' ? {} : JSON.parse(queryTag)) as { mapping?: string };
    if (mapping === undefined) continue;
    const known = found.get(mapping) ?? { puts: 0, others: 0 };
    if (/^\s*PUT\b/i.test(sql)) known.puts += 1;
    else known.others += 1;
    found.set(mapping, known);
  }
  return found;
}
