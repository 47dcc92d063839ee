import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import express from 'express';
import { ParseServer } from 'parse-server';
import pg from 'pg';

/**
 * Parse Server on PostgreSQL, with its own rate limit on reads and records to read. From the environment: DATABASE_URL of
 * any database of the server (one is made beside it, and dropped in the end), RECORDS, and the limit: REQUESTS in
 * WINDOW_MS. It prints `ready URL` once it serves; told to end, it prints how many reads it answered and refused.
 */
const { DATABASE_URL = '', RECORDS = '15000', REQUESTS = '20', WINDOW_MS = '2000' } = process.env;
const appId = 'sluice';
const restAPIKey = 'read';
const masterKey = randomUUID();
const database = `sluice_parse_${process.pid}`;

async function query(url, sql, values = []) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await client.query(sql, values);
  } finally {
    await client.end();
  }
}

const ownUrl = new URL(DATABASE_URL);
ownUrl.pathname = `/${database}`;
await query(DATABASE_URL, `CREATE DATABASE ${database}`);

const counts = { answered: 0, refused: 0 };
const app = express();
app.use((request, response, next) => {
  response.once('finish', () => {
    if (request.method === 'GET') counts[response.statusCode === 429 ? 'refused' : 'answered'] += 1;
  });
  next();
});
const http = app.listen(0, '127.0.0.1');
await once(http, 'listening');
const url = `http://127.0.0.1:${http.address().port}/parse`;

const server = new ParseServer({
  databaseURI: ownUrl.href,
  appId,
  restAPIKey,
  masterKey,
  serverURL: url,
  silent: true,
  logsFolder: null,
  rateLimit: [
    {
      requestPath: '/classes/{*rest}',
      requestMethods: 'GET',
      requestTimeWindow: Number(WINDOW_MS),
      requestCount: Number(REQUESTS),
      // Without it nothing from 127.0.0.1 is counted.
      includeInternalRequests: true,
    },
  ],
});
await server.start();
app.use('/parse', server.app);

/** The first object of a class is made through the API, which makes the class; the others are copies of its row. */
async function create(name, object) {
  const created = await fetch(`${url}/classes/${name}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'x-parse-application-id': appId,
      'x-parse-master-key': masterKey,
    },
    body: JSON.stringify(object),
  });
  if (!created.ok) throw new Error(`no ${name} was made: ${created.status} ${await created.text()}`);
  return (await created.json()).objectId;
}

const first = await create('Order', { number: 1, title: 'order 1', total: 0.01, paid: false });
await create('Shipment', {
  carrier: 'post',
  shippedAt: { __type: 'Date', iso: '2026-01-01T00:00:00.000Z' },
  order: { __type: 'Pointer', className: 'Order', objectId: first },
});
await query(
  ownUrl.href,
  `INSERT INTO "Order" ("objectId", "createdAt", "updatedAt", number, title, total, paid)
   SELECT 'o' || lpad(n::text, 9, '0'), now() - interval '1 hour' + n * interval '1 ms', now() - interval '1 hour' + n * interval '1 ms',
          n, 'order ' || n, (n % 997) / 100.0, n % 3 = 0
   FROM generate_series(2, $1::int) AS n`,
  [Number(RECORDS)],
);
await query(
  ownUrl.href,
  `INSERT INTO "Shipment" ("objectId", "createdAt", "updatedAt", carrier, "shippedAt", "order")
   SELECT 's' || lpad(n::text, 9, '0'), now() - interval '1 hour' + n * interval '1 ms', now() - interval '1 hour' + n * interval '1 ms',
          'carrier ' || n % 5, timestamptz '2026-01-01T00:00:00Z' + n * interval '1 minute', 'o' || lpad(n::text, 9, '0')
   FROM generate_series(2, $1::int / 10) AS n`,
  [Number(RECORDS)],
);
process.stdout.write(`ready ${url}\n`);

process.once('SIGTERM', async () => {
  process.stdout.write(`${JSON.stringify(counts)}\n`);
  http.closeAllConnections();
  await query(DATABASE_URL, `DROP DATABASE IF EXISTS ${database} WITH (FORCE)`);
  process.exit();
});
