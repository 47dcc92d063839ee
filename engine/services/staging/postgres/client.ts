import pg from 'pg';
import { PostgresHandle } from './postgres-handle.ts';
import { restored } from './texts.ts';

/** Types of PostgreSQL, by the numbers that it gives them. */
const oids = { int8: 20, text: 25, date: 1082, timestamp: 1114, timestamptz: 1184, numeric: 1700 } as const;

/** A connection that nobody uses is tried after this, so that one that leads nowhere is found out. */
const keepAliveMs = 30_000;

const asWritten = (text: string): string => text;

/** A sum of counts is `numeric`. What a double cannot hold stays a text. */
const countOrText = (text: string): number | string => {
  const count = Number(text);
  return Number.isSafeInteger(count) && String(count) === text ? count : text;
};

const parsers = new Map<number, (text: string) => unknown>([
  // Counts, page ids and milliseconds: all of them below 2^53.
  [oids.int8, Number],
  [oids.numeric, countOrText],
  [oids.text, restored],
  [oids.date, asWritten],
  [oids.timestamp, asWritten],
  [oids.timestamptz, asWritten],
]);

const types = {
  getTypeParser: (oid: number, format?: 'text' | 'binary') =>
    parsers.get(oid) ?? pg.types.getTypeParser(oid, format as 'text'),
};

/** A connection as Sequelize opens it. What it reads has the types that a `Handle` gives. */
export class StagingClient extends pg.Client {
  readonly handle: PostgresHandle;

  constructor(config: pg.ClientConfig) {
    super({ ...config, types: types as pg.CustomTypesConfig, keepAliveInitialDelayMillis: keepAliveMs });
    this.handle = new PostgresHandle(this);
  }
}

/** `dialectModule` for Sequelize in place of the package pg. */
export const dialectModule = { ...pg, Client: StagingClient };
