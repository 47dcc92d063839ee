import { Dialect, parse } from '@polyglot-sql/sdk';
import { expect } from 'chai';
import { parsed } from '../support/snowflake/parse-statement.ts';
import { SqlError } from '../support/snowflake/sql-error.ts';

const taken: readonly string[] = [
  'CREATE SCHEMA IF NOT EXISTS "SALES"',
  'CREATE TABLE IF NOT EXISTS SALES.T ("ID" NUMBER(38,0) NOT NULL, "AT" TIMESTAMP_TZ(6), "N" NUMBER(38,0) DEFAULT 0)',
  'CREATE OR REPLACE TRANSIENT TABLE SALES.T (A VARCHAR(10), B FLOAT, C BOOLEAN, D DATE, E TIME(6), F TIMESTAMP_NTZ(6), G VARIANT, H BINARY)',
  'CREATE TEMPORARY TABLE T AS SELECT 1 AS A',
  'CREATE OR REPLACE TEMPORARY TABLE SALES.T LIKE SALES.U',
  'DROP TABLE IF EXISTS SALES.T',
  'ALTER TABLE SALES.T ADD COLUMN IF NOT EXISTS A NUMBER(38,0), B VARCHAR',
  'ALTER TABLE SALES.T RENAME COLUMN A TO B',
  'ALTER TABLE SALES.T ALTER COLUMN A SET DATA TYPE VARCHAR(100)',
  'ALTER TABLE SALES.T ALTER COLUMN A DROP NOT NULL',
  'ALTER TABLE SALES.T SWAP WITH SALES.U',
  'CREATE STAGE IF NOT EXISTS SALES.LOADS',
  'CREATE TEMPORARY STAGE IF NOT EXISTS SALES.LOADS',
  "PUT 'file:///tmp/a.csv' @SALES.LOADS/run/1/ AUTO_COMPRESS = FALSE OVERWRITE = TRUE PARALLEL = 4 SOURCE_COMPRESSION = GZIP",
  "COPY INTO SALES.T (A, B) FROM (SELECT $1, TO_BINARY($2, 'BASE64') FROM @SALES.LOADS/run/1/) FILE_FORMAT = (TYPE = CSV NULL_IF = ('x')) ON_ERROR = ABORT_STATEMENT PURGE = TRUE",
  "COPY INTO SALES.T FROM @SALES.LOADS/run/1/ FILES = ('a.json') FILE_FORMAT = (TYPE = JSON) MATCH_BY_COLUMN_NAME = CASE_SENSITIVE",
  'REMOVE @SALES.LOADS/run/1/',
  'LIST @SALES.LOADS',
  'MERGE INTO T AS t USING (SELECT * FROM S QUALIFY ROW_NUMBER() OVER (PARTITION BY K ORDER BY C DESC NULLS LAST) = 1) AS s ON (t.K = s.K) WHEN MATCHED AND s.D THEN DELETE WHEN MATCHED AND t.H IS DISTINCT FROM s.H THEN UPDATE SET V = s.V WHEN NOT MATCHED AND NOT s.D THEN INSERT (K, V) VALUES (s.K, s.V)',
  "INSERT INTO T (A, B) SELECT A, IFF(B > 1, 'x', NULL) FROM U WHERE A IS NOT DISTINCT FROM 1",
  "INSERT INTO T VALUES (1, 'a'), (?, :2)",
  'INSERT OVERWRITE INTO T SELECT * FROM U',
  'UPDATE T SET A = U.A FROM U WHERE T.K = U.K',
  'DELETE FROM T USING U WHERE T.K = U.K',
  'TRUNCATE TABLE IF EXISTS T',
  "SELECT a.X, COUNT(*) AS N, SUM(b.Y) AS S FROM A AS a LEFT JOIN B AS b ON a.K = b.K FULL OUTER JOIN C AS c ON c.K = a.K WHERE a.X BETWEEN 1 AND 3 OR a.Z IN (1, 2) AND a.W LIKE 'x%' GROUP BY a.X HAVING COUNT(*) > 1 ORDER BY 2 DESC NULLS LAST LIMIT 10",
  'WITH x AS (SELECT 1 AS A UNION ALL SELECT 2) SELECT * EXCLUDE (A) FROM x WHERE EXISTS (SELECT 1 FROM T WHERE T.A = x.A)',
  "SELECT CASE WHEN A THEN 1 ELSE 2 END AS C, CAST(B AS NUMBER(18,2)) AS D, E::VARCHAR AS F, G:a.b[0] AS H, LISTAGG(I, ',') WITHIN GROUP (ORDER BY I) AS J FROM T GROUP BY ALL_OF_THEM",
  'SELECT LAG(A) OVER (PARTITION BY B ORDER BY C) AS P, LAST_VALUE(A IGNORE NULLS) OVER (ORDER BY C ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS L FROM T'.replace(
    'A IGNORE NULLS) OVER',
    'A) OVER',
  ),
  'BEGIN TRANSACTION',
  'COMMIT',
  'ROLLBACK',
  "ALTER SESSION SET TIMEZONE = 'UTC'",
  'USE ROLE LOADER',
  'USE SCHEMA SALES',
];

/** What a user of DuckDB, or of another database, might write. */
const refused: readonly string[] = [
  'SELECT 1; SELECT 2',
  'MERGE INTO T USING U ON T.K = U.K WHEN NOT MATCHED BY SOURCE THEN DELETE',
  'MERGE INTO T USING U ON T.K = U.K WHEN MATCHED THEN DO NOTHING',
  'MERGE INTO T USING U ON T.K = U.K WHEN MATCHED THEN UPDATE SET V = U.V RETURNING merge_action',
  'INSERT INTO T VALUES (1) ON CONFLICT DO NOTHING',
  'INSERT INTO T BY NAME SELECT 1 AS A',
  'SELECT DISTINCT ON (A) A FROM T',
  'SELECT A FROM T WHERE B ILIKE ANY (1)',
  "SELECT * FROM read_csv('x')",
  "SELECT * FROM 'x.csv'",
  "SELECT A->>'$.a' FROM T",
  'SELECT COUNT(*) FILTER (WHERE A) FROM T',
  'SELECT [1, 2]',
  "SELECT {'a': 1}",
  'CREATE TABLE T (A HUGEINT)',
  'CREATE TABLE T (A TIMESTAMPTZ)',
  'CREATE TABLE T (A TIMESTAMP)',
  'CREATE TABLE T (A NUMBER(39,0))',
  'CREATE TABLE T (A DOUBLE(3))',
  'CREATE TABLE T (ORDER VARCHAR)',
  'SELECT COUNT(*) AS ROWS FROM T',
  'DROP TABLE T CASCADE',
  'PRAGMA version',
  "COPY T TO 'x'",
  "COPY INTO T FROM (SELECT $1 FROM @S WHERE $1 = 'x') FILE_FORMAT = (TYPE = CSV)",
  'COPY INTO T FROM @S FILE_FORMAT = (TYPE = CSV BOGUS = 1)',
  'ALTER TABLE T ADD COLUMN A VARCHAR, ADD COLUMN B VARCHAR',
  'PUT file:///tmp/a.csv @S',
  'UPSERT INTO T VALUES (1)',
  'SELECT 1 FROM T USING SAMPLE 10',
  'SELECT A FROM T GROUP BY A EXCEPT SELECT 1',
  "SELECT E'x'",
  'SELECT $$x$$',
];

describe('the grammar of the Snowflake stand-in', () => {
  for (const sql of taken)
    it(`takes ${sql.slice(0, 70)}`, () => {
      expect(() => parsed(sql)).not.to.throw();
    });

  for (const sql of taken)
    it(`takes what another parser takes for Snowflake's, too: ${sql.slice(0, 50)}`, () => {
      expect(parse(sql, Dialect.Snowflake)).to.include({ success: true });
    });

  for (const sql of refused)
    it(`refuses ${sql.slice(0, 70)}`, () => {
      expect(() => parsed(sql))
        .to.throw(SqlError)
        .that.includes({ code: '001003', sqlState: '42000' });
    });

  it('says where it lost the thread, and repeats the text', () => {
    expect(() => parsed('SELECT 1\nFRUM T')).to.throw(
      /line 2 at position 5 unexpected 'T'[^\n]* The text: SELECT 1\nFRUM T/,
    );
  });
});
