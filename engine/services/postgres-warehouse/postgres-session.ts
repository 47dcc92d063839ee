import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import type { Client, QueryResult } from 'pg';
import { from } from 'pg-copy-streams';
import type { BoundValues, Rows, WarehouseSession } from '../warehouse/session.ts';
import { loadLines } from './load-lines.ts';
import { positional } from './parameters.ts';

/** Bytes of a load file that are read at once. */
const readBytes = 256 * 1024;

/** A connection; every value that it reads is a text. Once the signal is aborted it begins nothing more. */
export function postgresSession(client: Client, signal?: AbortSignal): WarehouseSession {
  const plain = async (sql: string): Promise<void> => void (await client.query(sql));
  return {
    execute: async (sql, values) => {
      signal?.throwIfAborted();
      return run(client, sql, values);
    },
    copy: (sql, _values, file) =>
      pipeline(createReadStream(file, { highWaterMark: readBytes }), loadLines(), client.query(from(sql))),
    begin: () => plain('BEGIN ISOLATION LEVEL READ COMMITTED'),
    commit: () => plain('COMMIT'),
    rollback: () => plain('ROLLBACK'),
  };
}

async function run(client: Client, sql: string, named: BoundValues): Promise<Rows> {
  const { text, values } = positional(sql, named);
  // Several statements in one text answer with a list; what takes parameters is one statement.
  const answer: QueryResult | readonly QueryResult[] =
    values.length === 0 ? await client.query(text) : await client.query(text, values);
  const last = Array.isArray(answer) ? answer.at(-1) : answer;
  return { rows: last?.rows ?? [], changed: last?.rowCount ?? 0 };
}
