import pg from 'pg';
import { assert } from '../../model/errors.ts';
import type { Connection } from '../postgres/connection-url.ts';
import { unsuitable } from './failures.ts';

const connectTimeoutMs = 10_000;
/** A statement of one load unit takes seconds; this ends one that nobody waits for any more. */
const statementTimeoutMs = 30 * 60_000;
/** After this the server itself must have given up: the connection leads nowhere. */
const answerTimeoutMs = statementTimeoutMs + 60_000;
/** Somebody may be reading the table in a way that keeps it locked, or altering it. */
const lockTimeoutMs = 60_000;
/** A process that stands still within a transaction must not keep others waiting for ever. */
const idleInTransactionMs = 5 * 60_000;
/** A connection that nobody uses is tried after this, so that one that leads nowhere is found out. */
const keepAliveMs = 30_000;
const versionMin = 150_000;

/**
 * Settings of a session on which values depend, whatever the server's own are. Only what PostgreSQL brings is found without
 * a schema, so that nobody can put a function of theirs in the way; `pg_temp` is looked at first in any case.
 */
const settings: { readonly [name: string]: string } = {
  search_path: 'pg_catalog',
  TimeZone: 'UTC',
  DateStyle: 'ISO, MDY',
  IntervalStyle: 'iso_8601',
  extra_float_digits: '1',
  bytea_output: 'hex',
};

/** Staging notes a load once it is committed: it must outlive a crash of the server, whatever others there may lose. */
const serverQuestion = `
  SELECT current_setting('server_encoding') AS encoding, current_setting('server_version_num') AS version,
    CASE WHEN current_setting('synchronous_commit') = 'off' THEN set_config('synchronous_commit', 'on', false) END`;

/** All values as the texts that the server sends. */
const types = { getTypeParser: () => (text: string) => text };

/** Opens a connection and prepares it. */
export async function connected({ username, ...place }: Connection, where: string): Promise<pg.Client> {
  const client = new pg.Client({
    ...place,
    user: username,
    types: types as unknown as pg.CustomTypesConfig,
    application_name: 'etl',
    keepAlive: true,
    keepAliveInitialDelayMillis: keepAliveMs,
    connectionTimeoutMillis: connectTimeoutMs,
    statement_timeout: statementTimeoutMs,
    query_timeout: answerTimeoutMs,
    lock_timeout: lockTimeoutMs,
    idle_in_transaction_session_timeout: idleInTransactionMs,
  });
  // What ends a connection that nobody uses is told by its next use.
  client.on('error', () => {});
  try {
    await client.connect();
    await prepare(client, where);
    return client;
  } catch (error) {
    discard(client);
    throw error;
  }
}

/** Ends a connection without waiting: one that is broken may never answer. */
export const discard = (client: pg.Client): void => void client.end().catch(() => {});

async function prepare(client: pg.Client, where: string): Promise<void> {
  const entries = Object.entries(settings);
  const calls = entries.map((_, at) => `set_config($${2 * at + 1}, $${2 * at + 2}, false)`).join(', ');
  await client.query(`SELECT ${calls}`, entries.flat());
  const { rows } = await client.query<{ encoding: string; version: string }>(serverQuestion);
  const [found] = rows;
  assert(found, 'the server says what it is');
  if (found.encoding !== 'UTF8') throw unsuitable(where, `its encoding is ${found.encoding}`);
  if (Number(found.version) < versionMin) throw unsuitable(where, 'it is older than version 15');
}
