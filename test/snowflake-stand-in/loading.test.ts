import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { type Client, client, refusal } from '../support/snowflake/client.ts';
import { SnowflakeStandIn } from '../support/snowflake/stand-in.ts';
import { withFolder } from '../support/temporary-folder.ts';

const format = `FILE_FORMAT = (TYPE = CSV FIELD_OPTIONALLY_ENCLOSED_BY = '"' ESCAPE_UNENCLOSED_FIELD = NONE NULL_IF = ('\\\\N'))`;

describe('the Snowflake stand-in, loading files', () => {
  let standIn: SnowflakeStandIn;
  let session: Client;

  before(async () => {
    standIn = await SnowflakeStandIn.start();
    session = await client(standIn);
    await session.all(
      'CREATE SCHEMA IF NOT EXISTS SALES',
      'CREATE STAGE IF NOT EXISTS SALES.LOADS',
      `CREATE TABLE SALES.PRODUCTS (ID NUMBER(38,0) NOT NULL, NAME VARCHAR, AT TIMESTAMP_TZ(6), MORE VARIANT, PICTURE BINARY, PRICE NUMBER(18,2))`,
    );
  });
  after(async () => {
    await session.close();
    await standIn.close();
  });
  beforeEach(() => session.all('TRUNCATE TABLE SALES.PRODUCTS', 'REMOVE @SALES.LOADS'));

  const put = (name: string, lines: string): Promise<unknown> =>
    withFolder({ [name]: name.endsWith('.gz') ? gzipSync(lines) : lines }, (folder) =>
      session.ask(
        `PUT 'file://${join(folder, name)}' @SALES.LOADS/run/ AUTO_COMPRESS = FALSE OVERWRITE = TRUE`,
      ),
    );
  const copy = (table: string, more = ''): string =>
    `COPY INTO ${table} FROM (SELECT f.$1, f.$2, f.$3, PARSE_JSON(f.$4), TO_BINARY($5, 'BASE64'), $6 FROM @SALES.LOADS/run/ AS f) ${format} ${more}`;

  it('copies a compressed CSV file, with texts, NULL and the empty text apart', async () => {
    await put(
      'one.csv.gz',
      '1,"a ""q""\n,b","2026-01-01T10:00:00.123456+02:00","{""b"": 1.0, ""a"": [true]}","aGk=","1.50"\n2,"",\\N,\\N,\\N,\\N\n',
    );
    const [answer] = await session.ask(copy('SALES.PRODUCTS'));
    expect(answer).to.include({ file: 'loads/run/one.csv.gz', status: 'LOADED', rows_loaded: '2' });
    const { rows } = await standIn.export('ANALYTICS.SALES.PRODUCTS');
    expect(rows).to.deep.equal([
      ['1', 'a "q"\n,b', '1767254400.123456 1560', '{"a":[true],"b":1}', '6869', '1.50'],
      ['2', '', null, null, null, null],
    ]);
  });

  it('never loads a file into a table twice, unless forced', async () => {
    await put('one.csv.gz', '1,"x",\\N,\\N,\\N,\\N\n');
    await session.ask(copy('SALES.PRODUCTS'));
    expect((await session.ask(copy('SALES.PRODUCTS')))[0]).to.include({
      status: 'LOAD_SKIPPED',
      rows_loaded: '0',
    });
    expect((await session.ask(copy('SALES.PRODUCTS', 'FORCE = TRUE')))[0]).to.include({ status: 'LOADED' });
  });

  it('forgets a load that is rolled back', async () => {
    await put('one.csv.gz', '1,"x",\\N,\\N,\\N,\\N\n');
    await session.all('BEGIN', copy('SALES.PRODUCTS'), 'ROLLBACK');
    expect((await session.ask(copy('SALES.PRODUCTS')))[0]).to.include({ status: 'LOADED' });
  });

  it('loads nothing of a file with a bad value, and names the file', async () => {
    await put('bad.csv', '1,"x",\\N,\\N,\\N,"1.5"\n2,"y",\\N,\\N,\\N,"dear"\n');
    const error: Error = await session.ask(copy('SALES.PRODUCTS')).then(
      () => new Error('none'),
      (found: Error) => found,
    );
    expect(error).to.include({ code: '100038', sqlState: '22018' });
    expect(error.message).to.match(/Numeric value 'dear' is not recognized[\s\S]*loads\/run\/bad.csv/);
    expect((await standIn.export('ANALYTICS.SALES.PRODUCTS')).rows).to.deep.equal([]);
  });

  it('makes NULL of a NULL_IF text with quotes, too', async () => {
    await put('one.csv', '1,"\\N",\\N,\\N,\\N,\\N\n');
    await session.ask(copy('SALES.PRODUCTS'));
    expect((await standIn.export('ANALYTICS.SALES.PRODUCTS')).rows[0]?.[1]).to.equal(null);
  });

  it('loads lines of JSON by the names of columns', async () => {
    await put(
      'one.json.gz',
      '{"ID": 12345678901234567890123456789, "NAME": "é", "MORE": {"b": 1, "a": null}}\n{"ID": 2, "NAME": null}\n',
    );
    await session.ask(
      'COPY INTO SALES.PRODUCTS FROM @SALES.LOADS/run/ FILE_FORMAT = (TYPE = JSON) MATCH_BY_COLUMN_NAME = CASE_SENSITIVE',
    );
    const { rows } = await standIn.export('ANALYTICS.SALES.PRODUCTS');
    expect(rows.map((row) => [row[0], row[1], row[3]])).to.deep.equal([
      ['12345678901234567890123456789', 'é', '{"a":null,"b":1}'],
      ['2', null, null],
    ]);
  });

  it('lists and removes staged files', async () => {
    await put('one.csv', '1\n');
    expect((await session.ask('LIST @SALES.LOADS/run'))[0]).to.include({
      name: 'loads/run/one.csv',
      size: '2',
    });
    expect(await session.ask('REMOVE @SALES.LOADS/run/')).to.deep.equal([
      { name: 'loads/run/one.csv', result: 'removed' },
    ]);
    expect(await session.ask('LIST @SALES.LOADS')).to.deep.equal([]);
  });

  it('merges once what is new and once what changed', async () => {
    await session.all(
      'CREATE OR REPLACE TEMPORARY TABLE SALES.FRESH (ID NUMBER(38,0), NAME VARCHAR)',
      "INSERT INTO SALES.PRODUCTS (ID, NAME) VALUES (1, 'old'), (2, 'same')",
      "INSERT INTO SALES.FRESH VALUES (1, 'new'), (2, 'same'), (3, 'c')",
    );
    const merge = `MERGE INTO SALES.PRODUCTS AS t USING (SELECT * FROM SALES.FRESH QUALIFY ROW_NUMBER() OVER (PARTITION BY ID ORDER BY NAME DESC NULLS LAST) = 1) AS s
      ON t.ID = s.ID WHEN MATCHED AND t.NAME IS DISTINCT FROM s.NAME THEN UPDATE SET NAME = s.NAME
      WHEN NOT MATCHED THEN INSERT (ID, NAME) VALUES (s.ID, s.NAME)`;
    expect(await session.ask(merge)).to.deep.equal([
      { 'number of rows inserted': '1', 'number of rows updated': '1' },
    ]);
    expect(await session.ask(merge)).to.deep.equal([
      { 'number of rows inserted': '0', 'number of rows updated': '0' },
    ]);
  });

  it('refuses a MERGE in which two source rows meet one row', async () => {
    await session.all(
      'CREATE OR REPLACE TEMPORARY TABLE SALES.FRESH (ID NUMBER(38,0), NAME VARCHAR)',
      "INSERT INTO SALES.PRODUCTS (ID, NAME) VALUES (1, 'old')",
      "INSERT INTO SALES.FRESH VALUES (1, 'new'), (1, 'newer')",
    );
    const merge =
      'MERGE INTO SALES.PRODUCTS AS t USING SALES.FRESH AS s ON t.ID = s.ID WHEN MATCHED THEN UPDATE SET NAME = s.NAME';
    expect(await refusal(session.ask(merge))).to.equal('100090 42P18');
  });
});
