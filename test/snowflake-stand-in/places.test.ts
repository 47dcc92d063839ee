import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { gzipSync } from 'node:zlib';
import { DuckDBInstance } from '@duckdb/node-api';
import { expect } from 'chai';
import { client, refusal } from '../support/snowflake/client.ts';
import { SnowflakeStandIn } from '../support/snowflake/stand-in.ts';
import { withFolder } from '../support/temporary-folder.ts';

const csv = `FILE_FORMAT = (TYPE = CSV FIELD_OPTIONALLY_ENCLOSED_BY = '"' ESCAPE_UNENCLOSED_FIELD = NONE)`;

describe('the Snowflake stand-in, its places', () => {
  it('takes an encrypted upload to a bucket, which must decrypt', () =>
    withFolder({ 'a.csv.gz': gzipSync('1\n2\n') }, async (folder) => {
      const standIn = await SnowflakeStandIn.start({ uploads: 'GCS' });
      const session = await client(standIn);
      await session.all('CREATE STAGE S', 'CREATE TABLE T (A NUMBER(38,0))');
      const put = `PUT 'file://${join(folder, 'a.csv.gz')}' @S/run/1/ AUTO_COMPRESS = FALSE OVERWRITE = TRUE`;
      standIn.uploadFault('503');
      const [answer] = await session.ask(put);
      expect(answer).to.include({ status: 'UPLOADED', target: 'a.csv.gz' });
      expect(standIn.uploads.map(({ stage, path }) => [stage, path])).to.deep.equal([
        ['ANALYTICS.PUBLIC.S', 'run/1/a.csv.gz'],
      ]);
      await session.ask(`COPY INTO T FROM @S/run/1/ ${csv}`);
      expect((await standIn.export('ANALYTICS.PUBLIC.T')).rows).to.deep.equal([['1'], ['2']]);
      await session.close();
      await standIn.close();
    })).timeout(60_000);

  it('cuts an upload in the middle, of which nothing is kept', () =>
    withFolder({ 'a.csv': 'x'.repeat(2_000_000) }, async (folder) => {
      const standIn = await SnowflakeStandIn.start({ uploads: 'GCS' });
      const session = await client(standIn);
      await session.ask('CREATE STAGE S');
      standIn.uploadFault('cut');
      const put = session.ask(`PUT 'file://${join(folder, 'a.csv')}' @S AUTO_COMPRESS = FALSE`);
      const status = await put.then(([row]) => String(row?.['status']), String);
      const staged = await standIn.staged('ANALYTICS.PUBLIC.S');
      expect(staged).to.deep.equal(status === 'UPLOADED' ? [{ path: 'a.csv', size: 2_000_000 }] : []);
      await session.close();
      await standIn.close();
    })).timeout(60_000);

  it('loads Parquet by the names of its columns', () =>
    withFolder({}, async (folder) => {
      const instance = await DuckDBInstance.create();
      const connection = await instance.connect();
      const file = join(folder, 'a.parquet');
      await connection.run(
        `COPY (SELECT 12345678901234567890::DECIMAL(38,0) AS "ID", 'é' AS "NAME", TIMESTAMPTZ '2026-01-01 00:00:00.123456+00' AS "AT", 1.5::DOUBLE AS "F", 'hi'::BLOB AS "B") TO '${file}' (FORMAT parquet)`,
      );
      connection.closeSync();
      instance.closeSync();
      const standIn = await SnowflakeStandIn.start();
      const session = await client(standIn);
      await session.all(
        'CREATE STAGE S',
        "ALTER SESSION SET TIMEZONE = 'UTC'",
        'CREATE TABLE T (ID NUMBER(38,0), NAME VARCHAR, AT TIMESTAMP_TZ(6), F FLOAT, B BINARY, MORE VARCHAR)',
        `PUT 'file://${file}' @S AUTO_COMPRESS = FALSE`,
        'COPY INTO T FROM @S FILE_FORMAT = (TYPE = PARQUET USE_LOGICAL_TYPE = TRUE USE_VECTORIZED_SCANNER = TRUE) MATCH_BY_COLUMN_NAME = CASE_SENSITIVE',
        'COPY INTO T (ID, NAME) FROM (SELECT $1:ID, $1:NAME::VARCHAR FROM @S) FILE_FORMAT = (TYPE = PARQUET USE_LOGICAL_TYPE = TRUE) FORCE = TRUE',
      );
      expect((await standIn.export('ANALYTICS.PUBLIC.T')).rows).to.deep.equal([
        ['12345678901234567890', 'é', '1767225600.123456 1440', '1.5', '6869', null],
        ['12345678901234567890', 'é', null, null, null, null],
      ]);
      await session.close();
      await standIn.close();
    }));

  it('keeps what was committed in its file, with the files of the stages and what was loaded', () =>
    withFolder({ 'a.csv': '1\n' }, async (folder) => {
      const options = { file: join(folder, 'stand-in.duckdb'), stages: join(folder, 'stages') };
      const first = await SnowflakeStandIn.start(options);
      const before = await client(first);
      await before.all(
        'CREATE SCHEMA SALES',
        'CREATE TABLE SALES.T (A NUMBER(38,0))',
        'CREATE STAGE SALES.S',
        `PUT 'file://${join(folder, 'a.csv')}' @SALES.S AUTO_COMPRESS = FALSE`,
        `COPY INTO SALES.T FROM @SALES.S ${csv}`,
        'BEGIN',
        'INSERT INTO SALES.T VALUES (2)',
      );
      await first.close();
      const second = await SnowflakeStandIn.start(options);
      const session = await client(second);
      expect((await second.export('ANALYTICS.SALES.T')).rows).to.deep.equal([['1']]);
      expect((await session.ask(`COPY INTO SALES.T FROM @SALES.S ${csv}`))[0]).to.include({
        status: 'LOAD_SKIPPED',
      });
      await session.close();
      await second.close();
    }));

  it('serves as a process of its own', async () => {
    const served = spawn(
      process.execPath,
      [new URL('../support/snowflake/serve.js', import.meta.url).pathname],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    const [url] = (await once(createInterface(served.stdout), 'line')) as [string];
    expect(url).to.match(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect((await fetch(`${url}/queries/v1/query-request`, { method: 'POST', body: '{}' })).status).to.equal(
      401,
    );
    served.kill('SIGTERM');
    expect((await once(served, 'exit'))[0]).to.equal(0);
  });

  it('refuses what it cannot follow in a file format', async () => {
    const standIn = await SnowflakeStandIn.start();
    const session = await client(standIn);
    await session.all('CREATE STAGE S', 'CREATE TABLE T (A NUMBER(38,0))');
    expect(await session.ask(`COPY INTO T FROM @S ${csv}`)).to.deep.equal([
      { status: 'Copy executed with 0 files processed.' },
    ]);
    await withFolder({ 'a.csv': '1\n' }, (folder) =>
      session.ask(`PUT 'file://${join(folder, 'a.csv')}' @S AUTO_COMPRESS = FALSE`),
    );
    for (const options of [
      'TYPE = CSV',
      "TYPE = CSV ESCAPE_UNENCLOSED_FIELD = NONE ESCAPE = '\\\\'",
      "TYPE = CSV ESCAPE_UNENCLOSED_FIELD = NONE ENCODING = 'LATIN1'",
      'TYPE = PARQUET',
    ])
      expect(await refusal(session.ask(`COPY INTO T FROM @S FILE_FORMAT = (${options})`)), options).to.equal(
        '001003 42000',
      );
    expect(await refusal(session.ask(`COPY INTO T FROM @S ${csv} ON_ERROR = CONTINUE`))).to.equal(
      '001003 42000',
    );
    expect(await refusal(session.ask(`COPY INTO T FROM @S FILES = ('b.csv') ${csv}`))).to.equal(
      '091016 02000',
    );
    expect(await refusal(session.ask(`COPY INTO T FROM @NOWHERE ${csv}`))).to.equal('002043 02000');
    await session.close();
    await standIn.close();
  });
});
