import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { SnowflakeStandIn } from '../test/support/snowflake/stand-in.ts';
import { postgresPlace } from './faults/postgres-place.ts';
import { sqlitePlace } from './faults/staging-place.ts';
import { acceptParse } from './parse/acceptance.ts';
import { hasParseServer } from './parse/server.ts';
import { type Acceptance, type AcceptanceOptions, acceptRetail } from './retail/acceptance.ts';
import { acceptElsewhere } from './retail/elsewhere.ts';
import { acceptKilled } from './retail/killed.ts';
import { postgresElsewhere, snowflakeElsewhere } from './retail/other-warehouses.ts';
import type { Findings } from './support/findings.ts';
import { packageFolder } from './support/package-folder.ts';
import { hasPostgresServer, PostgresServer } from './support/postgres-server.ts';

/**
 * `npm run accept -- NAME`: the whole way over a year of real transactions, each of them accounted for, or over all records
 * of a real server with limits of its own. Prints what was looked at, and as its last line the figures as one JSON object.
 */
const acceptances: { readonly [name: string]: () => Promise<Accepted> } = {
  'online-retail': onlineRetail,
  'online-retail-killed': onlineRetailKilled,
  'online-retail-postgres': onlineRetailPostgres,
  'online-retail-snowflake': onlineRetailSnowflake,
  'parse-server': parseServer,
};

interface Accepted {
  readonly findings: Findings;
  readonly figures: Readonly<Record<string, number>>;
}

/** What the published data set holds; see docs/bench.md. */
const published = {
  invoices: 25_900,
  lines: 541_909,
  customers: 4_372,
  products: 4_070,
  controlSum: '9747747.934',
} as const;

const parseRecords = 15_000;

function refuse(message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(64);
}

function retailOptions(name: string): AcceptanceOptions {
  const file = process.env['SLUICE_RETAIL'] ?? '';
  if (file === '')
    refuse('SLUICE_RETAIL is to name online-retail.csv.gz; docs/bench.md says where it comes from.');
  if (!existsSync(file)) refuse(`SLUICE_RETAIL names ${file}, and there is no such file.`);
  return {
    file,
    folder: join(packageFolder, '.etl/accept', name),
    pageRecords: 250,
    cutoff: '2011-12-01T00:00:00Z',
  };
}

function asPublished({ findings, totals }: Acceptance): Accepted {
  for (const key of Object.keys(published) as (keyof typeof published)[]) {
    findings.same(`${key} as published`, totals[key], published[key]);
  }
  const { controlSum, ...counts } = totals;
  return { findings, figures: { ...counts, control_sum: Number(controlSum) } };
}

async function onlineRetail(): Promise<Accepted> {
  return asPublished(await acceptRetail(retailOptions('online-retail')));
}

/** The same with twelve kills, on each kind of staging database. */
async function onlineRetailKilled(): Promise<Accepted> {
  const options = { ...retailOptions('online-retail-killed'), seed: 12 };
  const onSqlite = asPublished(await acceptKilled({ ...options, place: sqlitePlace }));
  if (!hasPostgresServer()) {
    process.stderr.write('SKIPPED: PostgreSQL is not installed; only SQLite was looked at.\n');
    return onSqlite;
  }
  const server = await PostgresServer.start();
  try {
    const place = postgresPlace(server);
    const { findings, figures } = asPublished(await acceptKilled({ ...options, place }));
    onSqlite.findings.add('PostgreSQL, ', findings);
    return { findings: onSqlite.findings, figures };
  } finally {
    await server.stop();
  }
}

async function onlineRetailPostgres(): Promise<Accepted> {
  const url = process.env['DATABASE_URL'] ?? '';
  if (url === '')
    refuse('DATABASE_URL is to name a PostgreSQL in which the tables may have schemas of their own.');
  const elsewhere = await postgresElsewhere(url);
  try {
    return asPublished(await acceptElsewhere(retailOptions('online-retail-postgres'), elsewhere));
  } finally {
    await elsewhere.drop();
  }
}

/** By a stand-in, which plays Snowflake for the real client. */
async function onlineRetailSnowflake(): Promise<Accepted> {
  const standIn = await SnowflakeStandIn.start();
  try {
    const elsewhere = snowflakeElsewhere(standIn);
    const { findings, figures } = asPublished(
      await acceptElsewhere(retailOptions('online-retail-snowflake'), elsewhere),
    );
    return { findings, figures: { ...figures, statements_per_mapping: elsewhere.statementsPerMapping() } };
  } finally {
    await standIn.close();
  }
}

async function parseServer(): Promise<Accepted> {
  const databaseUrl = process.env['DATABASE_URL'] ?? '';
  if (!hasParseServer()) refuse('Parse Server is not installed: npm ci --prefix test/servers/parse');
  if (databaseUrl === '')
    refuse('DATABASE_URL is to name a PostgreSQL in which Parse Server may have a database of its own.');
  return acceptParse(join(packageFolder, '.etl/accept/parse-server'), databaseUrl, parseRecords);
}

const [name = ''] = process.argv.slice(2);
const accept = Object.hasOwn(acceptances, name) ? acceptances[name] : undefined;
if (accept === undefined)
  refuse(`npm run accept -- NAME; NAME is one of: ${Object.keys(acceptances).join(', ')}`);

const { findings, figures } = await accept();
process.stdout.write(`${findings.table()}\n`);
if (findings.wrong().length > 0) {
  process.stdout.write(`${findings.wrong().length} of ${findings.all.length} findings are wrong.\n`);
  process.exitCode = 1;
}
process.stdout.write(`${JSON.stringify(figures)}\n`);
