import { DataTypes, Sequelize } from 'sequelize';
import type { Connection } from '../../postgres/connection-url.ts';
import { quote } from '../handle.ts';
import { dialectModule, type StagingClient } from './client.ts';

/** One for reading, one for writing, and some for Sequelize's own queries. */
const connectionsMax = 4;
const connectTimeoutMs = 10_000;
/** The longest statement sorts the keys of all that is not loaded yet. */
const statementTimeoutMs = 15 * 60_000;
/** After this the server itself must have given up: the connection leads nowhere. */
const answerTimeoutMs = statementTimeoutMs + 60_000;
/** A process that stands still within a transaction must not keep others waiting for ever. */
const idleInTransactionMs = 60_000;
/** Settings of a session on which exact values depend, whatever the server's own are. */
const session = { DateStyle: 'ISO, MDY', extra_float_digits: '1', bytea_output: 'hex' };

/** Sequelize with the connections of a staging database. Opens nothing. */
export function sequelizeOn(
  { ssl, ...connection }: Connection,
  schema: string,
  lockTimeoutMs: number,
): Sequelize {
  const { password, ...place } = connection;
  const sequelize = new Sequelize({
    ...place,
    ...(password !== undefined && { password }),
    dialect: 'postgres',
    dialectModule,
    schema,
    logging: false,
    pool: { max: connectionsMax, min: 0, acquire: 2 * connectTimeoutMs },
    dialectOptions: {
      application_name: 'etl',
      keepAlive: true,
      connectionTimeoutMillis: connectTimeoutMs,
      statement_timeout: statementTimeoutMs,
      query_timeout: answerTimeoutMs,
      lock_timeout: lockTimeoutMs,
      idle_in_transaction_session_timeout: idleInTransactionMs,
      ...(ssl !== false && { ssl }),
    },
  });
  sequelize.addHook('afterConnect', async (opened) => {
    await begin(opened as StagingClient, { search_path: quote(schema), ...session });
  });
  widenIntegers(sequelize);
  return sequelize;
}

async function begin(client: StagingClient, settings: { readonly [name: string]: string }): Promise<void> {
  const entries = Object.entries(settings);
  const calls = entries.map((_, at) => `set_config($${2 * at + 1}, $${2 * at + 2}, false)`).join(', ');
  try {
    await client.query(`SELECT ${calls}`, entries.flat());
  } catch (error) {
    // The pool never gets this connection: nobody else would end it.
    void client.end().catch(() => {});
    throw error;
  }
}

/** Migrations say INTEGER, which has 64 bits in SQLite and 32 in PostgreSQL: too few for milliseconds. */
function widenIntegers(sequelize: Sequelize): void {
  const types = sequelize as unknown as { normalizeDataType(type: { readonly key?: string }): unknown };
  const normalize = types.normalizeDataType.bind(sequelize);
  types.normalizeDataType = (type) => normalize(type.key === 'INTEGER' ? DataTypes.BIGINT : type);
}
