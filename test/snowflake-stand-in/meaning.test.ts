import { expect } from 'chai';
import { type Client, client, refusal } from '../support/snowflake/client.ts';
import { SnowflakeStandIn } from '../support/snowflake/stand-in.ts';

/** Expressions and their values, where DuckDB would often give another. */
const values: readonly (readonly [sql: string, value: unknown])[] = [
  ["CONCAT('a', NULL)", null],
  ["CONCAT_WS(',', 'a', NULL)", null],
  ["'a' || NULL", null],
  ['GREATEST(1, NULL)', null],
  ["COALESCE(NULL, 'a')", 'a'],
  ['NVL(NULL, 2)', '2'],
  ["IFF(1 = 1, 'yes', 'no')", 'yes'],
  ["NULLIF('a', 'a')", null],
  ["SPLIT_PART('a-b-c', '-', 2)", 'b'],
  ["SUBSTR('héllo', 2, 3)", 'éll'],
  ["LEFT('abc', 2) || RIGHT('abc', 1)", 'abc'],
  ["LENGTH('héé')", '3'],
  ["TRIM('  a ')", 'a'],
  ["STARTSWITH('abc', 'ab')", true],
  ["REPLACE('aXb', 'X', '-')", 'a-b'],
  ["MD5('a')", '0cc175b9c0f1b6a831c399e269772661'],
  ["SHA2('a')", 'ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb'],
  ["HEX_ENCODE('hi')", '6869'],
  ["BASE64_ENCODE('hi')", 'aGk='],
  ["HEX_ENCODE(TO_BINARY('aGk=', 'BASE64'))", '6869'],
  ["TRY_TO_BINARY('x', 'HEX') IS NULL", true],
  ["TRY_TO_NUMBER('x')", null],
  ["TO_NUMBER('12.345', 10, 2)", '12.35'],
  ["TO_NUMBER('00fF', 'XXXX')", '255'],
  ["'1e2'::NUMBER(5,0)", '100'],
  ["TO_BOOLEAN('yes')", true],
  ["'1.50'::FLOAT", '1.5'],
  ['12345678901234567890123456789012345678', '12345678901234567890123456789012345678'],
  ['MOD(7, 3) + ABS(-2) * 2', '5'],
  [
    "TO_VARCHAR('2026-01-02T03:04:05.123456+02:00'::TIMESTAMP_TZ, 'YYYY-MM-DD\"T\"HH24:MI:SS.FF6TZH:TZM')",
    '2026-01-02T03:04:05.123456+02:00',
  ],
  [
    "TO_VARCHAR(CONVERT_TIMEZONE('UTC', '2026-01-02T03:04:05+02:00'::TIMESTAMP_TZ), 'YYYY-MM-DD HH24:MI:SS TZHTZM')",
    '2026-01-02 01:04:05 +0000',
  ],
  ["'2026-01-02T03:04:05.123456Z'::TIMESTAMP_TZ(6)::VARCHAR", '2026-01-02 03:04:05.123 +0000'],
  ["'2026-01-02T03:00:00+01:00'::TIMESTAMP_TZ = '2026-01-02T02:00:00Z'::TIMESTAMP_TZ", true],
  ["'2026-01-01T23:30:00-05:00'::TIMESTAMP_TZ::DATE::VARCHAR", '2026-01-01'],
  ["DATEADD(DAY, 1, '2024-02-28'::DATE)::VARCHAR", '2024-02-29'],
  ["DATEADD('hour', -1, '2026-01-02T00:00:00Z'::TIMESTAMP_TZ)::VARCHAR", '2026-01-01 23:00:00.000 +0000'],
  ['PARSE_JSON(\'{"b": 1.0, "a": 1}\') = PARSE_JSON(\'{"a":1,"b":1}\')', true],
  ['TO_JSON(PARSE_JSON(\'{"b": [1.50, 1e2], "a": null}\'))', '{"a":null,"b":[1.5,1e+2]}'],
  ["PARSE_JSON('null') IS NULL", false],
  ["PARSE_JSON('null')::VARCHAR", null],
  ['PARSE_JSON(\'{"a": {"b": [1, "x"]}}\'):a.b[1]::VARCHAR', 'x'],
  ['PARSE_JSON(\'{"a": 12345678901234567890123}\'):a::NUMBER(38,0)', '12345678901234567890123'],
  ["TO_JSON(PARSE_JSON('123456789012345678901234567890123456789'))", '1.2345678901234568e+38'],
  ["TRY_PARSE_JSON('{') IS NULL", true],
  ["TO_JSON(OBJECT_CONSTRUCT('b', 1, 'a', NULL))", '{"b":1}'],
  ["TO_JSON(OBJECT_CONSTRUCT_KEEP_NULL('b', 'x', 'a', NULL))", '{"a":null,"b":"x"}'],
  ["TO_JSON(ARRAY_CONSTRUCT(1, 'a', TRUE))", '[1,"a",true]'],
  ["TO_JSON(ARRAY_CONSTRUCT(COALESCE(NULL::VARCHAR::VARIANT, PARSE_JSON('null'))))", '[null]'],
  ["'a\\'b\\\\n'", "a'b\\n"],
];

const refused: readonly (readonly [sql: string, code: string])[] = [
  ['SELECT NOTHING(1)', '002140 42601'],
  ['SELECT LIST_VALUE(1)', '002140 42601'],
  ['SELECT X FROM T', '000904 42000'],
  ['SELECT ID FROM T AS a, T AS b', '002028 42601'],
  ['SELECT * FROM NOWHERE', '002003 42S02'],
  ["SELECT 'x'::NUMBER", '100038 22018'],
  ["SELECT '2026-13-01'::DATE", '100040 22007'],
  ["SELECT '2026-01-01T00:00:00'::TIMESTAMP_TZ", '100035 22007'],
  ["SELECT '2026-01-01T00:00:00.1234567Z'::TIMESTAMP_TZ", '100035 22007'],
  ["SELECT '25:00'::TIME", '100108 22007'],
  ["SELECT 'maybe'::BOOLEAN", '100037 22018'],
  ["SELECT PARSE_JSON('{')", '100069 22P02'],
  ['SELECT ARRAY_CONSTRUCT(1, NULL)', '001003 42000'],
  ['SELECT PARSE_JSON(\'{"a":1,"a":2}\')', '100069 22P02'],
  ["SELECT 'abcd'::VARCHAR(3)", '100078 22000'],
  ['SELECT 1 / 2', '001003 42000'],
  ['SELECT 1 = TRUE', '002023 22000'],
  ["SELECT IFF(TRUE, 1, 'a')", '002023 22000'],
  ['SELECT ROW_NUMBER() OVER (PARTITION BY ID) FROM T', '002303 42601'],
  ['SELECT NAME, COUNT(*) FROM T', '000979 42601'],
  ["INSERT INTO T (ID) VALUES ('x')", '100038 22018'],
  ['INSERT INTO T (ID) VALUES (12345678901234567890123456789012345678), (NULL)', '100072 22000'],
  ["INSERT INTO T (ID, SHORT) VALUES (1, 'abcdef')", '100078 22000'],
  ['INSERT INTO T (ID, PRICE) VALUES (1, 12345)', '100039 22003'],
  ["INSERT INTO T (ID, V) VALUES (1, '{}')", '002023 22000'],
  ['INSERT INTO T (ID) VALUES (1, 2)', '002020 21S01'],
  ["INSERT INTO T (ID, V) SELECT 1, PARSE_JSON('\"' || ? || '\"')", '100082 22000'],
  ['CREATE TABLE T (A VARCHAR)', '002002 42710'],
  ['CREATE TABLE TWINS (A VARCHAR, A VARCHAR)', '002025 42S21'],
  ['ALTER TABLE T ALTER COLUMN SHORT SET DATA TYPE VARCHAR(2)', '002108 22000'],
  ['ALTER TABLE T ALTER COLUMN PRICE SET DATA TYPE NUMBER(10,4)', '002108 22000'],
  ['ALTER TABLE T ADD COLUMN NAME VARCHAR', '002025 42S21'],
  ['SELECT ?', '002049 42601'],
];

describe('what statements mean to the Snowflake stand-in', () => {
  let standIn: SnowflakeStandIn;
  let session: Client;

  before(async () => {
    standIn = await SnowflakeStandIn.start();
    session = await client(standIn);
    await session.ask(
      'CREATE TABLE T (ID NUMBER(38,0) NOT NULL, NAME VARCHAR, SHORT VARCHAR(3), PRICE NUMBER(6,2), V VARIANT, AT TIMESTAMP_TZ(6))',
    );
  });
  after(async () => {
    await session.close();
    await standIn.close();
  });

  for (const [sql, value] of values)
    it(`finds that ${sql} is ${value}`, async () => {
      expect(await session.ask(`SELECT ${sql} AS A`)).to.deep.equal([{ A: value }]);
    });

  for (const [sql, code] of refused)
    it(`refuses ${sql} with ${code}`, async () => {
      const binds = sql.includes('|| ? ||') ? ['x'.repeat(16_777_216)] : [];
      expect(await refusal(session.ask(sql, { binds }))).to.equal(code);
    });

  it('takes quoted names exactly and others in capitals', async () => {
    await session.all(
      'CREATE TABLE "small" ("id" NUMBER(38,0), "ID" VARCHAR)',
      'INSERT INTO "small" ("id", id) VALUES (1, \'x\')',
    );
    expect(await session.ask('SELECT "id" AS A, Id AS B FROM "small"')).to.deep.equal([{ A: '1', B: 'x' }]);
    expect(await refusal(session.ask('SELECT * FROM small'))).to.equal('002003 42S02');
    expect(await refusal(session.ask('SELECT "Id" FROM "small"'))).to.equal('000904 42000');
    await session.ask('CREATE TABLE SMALL (A VARCHAR)');
    expect(await session.ask('SELECT * FROM small')).to.deep.equal([]);
  });

  it('puts NULL first when descending, and last when ascending', async () => {
    const from = 'FROM (SELECT 1 AS A UNION ALL SELECT NULL UNION ALL SELECT 2) ORDER BY A';
    expect((await session.ask(`SELECT A ${from} DESC`)).map((row) => row['A'])).to.deep.equal([
      null,
      '2',
      '1',
    ]);
    expect((await session.ask(`SELECT A ${from}`)).map((row) => row['A'])).to.deep.equal(['1', '2', null]);
  });

  it('groups, ranks and lists', async () => {
    await session.all(
      'TRUNCATE TABLE T',
      "INSERT INTO T (ID, NAME, PRICE) VALUES (1, 'a', 1.5), (2, 'a', 2.5), (3, 'b', NULL)",
    );
    expect(
      await session.ask(
        "SELECT NAME, COUNT(*) AS N, SUM(PRICE) AS S, LISTAGG(ID::VARCHAR, '+') WITHIN GROUP (ORDER BY ID) AS L FROM T GROUP BY NAME HAVING COUNT(*) > 0 ORDER BY NAME",
      ),
    ).to.deep.equal([
      { NAME: 'a', N: '2', S: '4.00', L: '1+2' },
      { NAME: 'b', N: '1', S: null, L: '3' },
    ]);
    expect(
      await session.ask(
        'SELECT ID, LAG(ID) OVER (ORDER BY ID) AS P, LAST_VALUE(ID) OVER (PARTITION BY NAME ORDER BY ID) AS Z FROM T QUALIFY ROW_NUMBER() OVER (PARTITION BY NAME ORDER BY ID) = 1 ORDER BY ID',
      ),
    ).to.deep.equal([
      { ID: '1', P: null, Z: '2' },
      { ID: '3', P: '2', Z: '3' },
    ]);
  });

  it('enforces no primary key, and finds the newest of instants with offsets', async () => {
    await session.all(
      'TRUNCATE TABLE T',
      "INSERT INTO T (ID, AT) VALUES (1, '2026-01-01T10:00:00+02:00'), (1, '2026-01-01T09:00:00Z')",
    );
    expect(await session.ask('SELECT MAX(AT)::VARCHAR AS A, COUNT(DISTINCT AT) AS N FROM T')).to.deep.equal([
      { A: '2026-01-01 09:00:00.000 +0000', N: '2' },
    ]);
  });

  it('changes tables: columns, types, names, and swaps them', async () => {
    await session.all(
      'CREATE TABLE A1 (X NUMBER(5,0) NOT NULL)',
      'INSERT INTO A1 VALUES (1)',
      "ALTER TABLE A1 ADD COLUMN IF NOT EXISTS Y VARCHAR DEFAULT 'd', Z NUMBER(38,0)",
      'ALTER TABLE A1 ADD COLUMN IF NOT EXISTS Y VARCHAR',
      'ALTER TABLE A1 ALTER COLUMN X SET DATA TYPE NUMBER(38,0)',
      'ALTER TABLE A1 ALTER COLUMN X DROP NOT NULL',
      'ALTER TABLE A1 RENAME COLUMN X TO W',
      'INSERT INTO A1 (W) VALUES (NULL)',
      'CREATE TABLE A2 (Q VARCHAR)',
      'ALTER TABLE A1 SWAP WITH A2',
    );
    expect(await session.ask('SELECT W, Y, Z FROM A2 ORDER BY W')).to.deep.equal([
      { W: '1', Y: 'd', Z: null },
      { W: null, Y: 'd', Z: null },
    ]);
    expect(await session.ask('SELECT * FROM A1')).to.deep.equal([]);
    expect(
      await session.ask(
        "SELECT COLUMN_NAME AS C, DATA_TYPE AS T, NUMERIC_PRECISION AS P, IS_NULLABLE AS N FROM INFORMATION_SCHEMA.COLUMNS WHERE TABLE_NAME = 'A2' ORDER BY ORDINAL_POSITION",
      ),
    ).to.deep.equal([
      { C: 'W', T: 'NUMBER', P: '38', N: 'YES' },
      { C: 'Y', T: 'TEXT', P: null, N: 'YES' },
      { C: 'Z', T: 'NUMBER', P: '38', N: 'YES' },
    ]);
  });

  it('updates and deletes by other tables, but never by two rows at once', async () => {
    await session.all(
      'TRUNCATE TABLE T',
      "INSERT INTO T (ID, NAME) VALUES (1, 'a'), (2, 'b')",
      'CREATE TEMPORARY TABLE G AS SELECT 1 AS K UNION ALL SELECT 9',
    );
    expect(await session.ask("UPDATE T SET NAME = T.NAME || '!' FROM G WHERE T.ID = G.K")).to.deep.equal([
      { 'number of rows updated': '1', 'number of multi-joined rows updated': '0' },
    ]);
    expect(await session.ask('DELETE FROM T USING G WHERE T.ID = G.K')).to.deep.equal([
      { 'number of rows deleted': '1' },
    ]);
    await session.all('INSERT INTO G VALUES (2), (2)');
    expect(await refusal(session.ask("UPDATE T SET NAME = 'x' FROM G WHERE T.ID = G.K"))).to.equal(
      '100090 42P18',
    );
  });

  it('binds lists of values as rows', async () => {
    await session.ask('TRUNCATE TABLE T');
    const rows = Array.from({ length: 2000 }, (_, at) => [at, `name ${at}`] as const);
    expect(await session.ask('INSERT INTO T (ID, NAME) VALUES (?, ?)', { binds: rows })).to.deep.equal([
      { 'number of rows inserted': '2000' },
    ]);
    expect(standIn.sent(/^INSERT INTO T \(ID, NAME\) VALUES \(\?/)).to.have.length(1);
  });

  it('gives every type back as the client reads it', async () => {
    const [row = {}] = await session.ask(
      "SELECT 1.50::NUMBER(18,2) AS N, TRUE AS B, '2026-02-03'::DATE AS D, '01:02:03.5'::TIME(6) AS T, '1969-12-31T23:59:58.5Z'::TIMESTAMP_TZ(6) AS Z, '2026-02-03 04:05:06'::TIMESTAMP_NTZ(6) AS L, TO_BINARY('6869') AS X, PARSE_JSON('[1]') AS V, 'NaN'::FLOAT AS F, NULL AS U",
    );
    expect(row['N']).to.equal('1.50');
    expect(row['B']).to.equal(true);
    expect((row['D'] as Date).toJSON()).to.equal('2026-02-03');
    expect(String(row['T'])).to.equal('01:02:03');
    expect((row['Z'] as Date).getTime()).to.equal(-1500);
    expect((row['L'] as Date).getTime()).to.equal(Date.UTC(2026, 1, 3, 4, 5, 6));
    expect(Buffer.from(row['X'] as Buffer).toString()).to.equal('hi');
    expect(row['V']).to.deep.equal([1]);
    expect([String(row['F']), row['U']]).to.deep.equal(['NaN', null]);
  });
});
