-- open
-- What is temporary goes with the session, whatever ends it, and no other session sees it.
CREATE TEMPORARY STAGE IF NOT EXISTS "ANALYTICS"."_ETL_STAGE";

-- open
CREATE OR REPLACE TEMPORARY TABLE "ANALYTICS"."_ETL_FILE" (
  "_ACCOUNT" VARCHAR,
  "ID" NUMBER(38,0),
  "NOTE" VARCHAR,
  "_PAGE" NUMBER(38,0),
  "_ORDINAL" NUMBER(38,0),
  "_INDEX" NUMBER(38,0),
  "_RECORD" VARCHAR,
  "_CURSOR" VARCHAR,
  "_HASH" VARCHAR,
  "_OP" VARCHAR
);

-- open
CREATE OR REPLACE TEMPORARY TABLE "ANALYTICS"."_ETL_BATCH" (
  "_ACCOUNT" VARCHAR,
  "ID" NUMBER(38,0),
  "NOTE" VARCHAR,
  "_PAGE" NUMBER(38,0),
  "_ORDINAL" NUMBER(38,0),
  "_INDEX" NUMBER(38,0),
  "_RECORD" VARCHAR,
  "_CURSOR" VARCHAR,
  "_HASH" VARCHAR,
  "_OP" VARCHAR
);

-- copy
PUT 'file://$file' @"ANALYTICS"."_ETL_STAGE"/$path/ AUTO_COMPRESS = FALSE SOURCE_COMPRESSION = GZIP OVERWRITE = TRUE;

-- copy
-- An empty field is NULL and a text is always quoted, so that NULL, '' and '\N' differ. A cursor says what kind it is of.
COPY INTO "ANALYTICS"."_ETL_FILE" (
  "_ACCOUNT", "ID", "NOTE", "_PAGE", "_ORDINAL", "_INDEX", "_RECORD", "_CURSOR", "_HASH", "_OP")
FROM (
  SELECT
    $1,
    $2,
    $3,
    $4,
    $5,
    $6,
    $7,
    $8,
    $9,
    $10
  FROM @"ANALYTICS"."_ETL_STAGE"/$path/
)
FILE_FORMAT = (
  TYPE = CSV, COMPRESSION = GZIP, FIELD_DELIMITER = ',', RECORD_DELIMITER = '\n', FIELD_OPTIONALLY_ENCLOSED_BY = '"',
  ESCAPE = NONE, ESCAPE_UNENCLOSED_FIELD = NONE, NULL_IF = (), EMPTY_FIELD_AS_NULL = TRUE, TRIM_SPACE = FALSE, ENCODING = 'UTF8')
ON_ERROR = ABORT_STATEMENT;

-- superseded
-- Rows of the file, and how many of them have a newer version in it.
SELECT COALESCE(SUM(versions), 0) AS filed, COALESCE(SUM(versions - 1), 0) AS superseded, TO_VARCHAR(MIN(low0)) AS low0, TO_VARCHAR(MAX(high0)) AS high0

FROM (
  SELECT COUNT(*) AS versions, MIN("ID") AS low0, MAX("ID") AS high0
  FROM "ANALYTICS"."_ETL_FILE"
  GROUP BY "_ACCOUNT", "ID") AS counted;

-- batch
INSERT INTO "ANALYTICS"."_ETL_BATCH" SELECT * FROM "ANALYTICS"."_ETL_FILE";

-- newest
-- The newest version of a row wins: by cursor, then by page order.
INSERT INTO "ANALYTICS"."_ETL_BATCH" SELECT * FROM "ANALYTICS"."_ETL_FILE"
QUALIFY ROW_NUMBER() OVER (
  PARTITION BY "_ACCOUNT", "ID"
  ORDER BY "_CURSOR" DESC NULLS LAST, "_PAGE" DESC NULLS LAST, "_ORDINAL" DESC NULLS LAST, "_INDEX" DESC NULLS LAST) = 1;

-- count
SELECT COUNT(*) AS "ROWS" FROM "SALES"."PLAIN"
WHERE $account::VARCHAR IS NULL OR "_ACCOUNT" = $account::VARCHAR;

-- compare
-- Values decide, not hashes: a row that was changed by hand keeps its hash.
CREATE OR REPLACE TEMPORARY TABLE "ANALYTICS"."_ETL_DIFFERENCES" AS
SELECT kind, row_key, differing, page, 1 AS counted
FROM (
  SELECT row_key, differing, page,
    CASE
      WHEN NOT "_IN_TABLE" THEN 'missing'
      WHEN NOT in_batch THEN 'surplus'
      WHEN differing = '' THEN 'same'
      WHEN same_hash THEN 'changed'
      ELSE 'stale'
    END AS kind
  FROM (
    SELECT
      -- In an array NULL would be undefined, which no JSON has.
      TO_JSON(ARRAY_CONSTRUCT(COALESCE(batch."_ACCOUNT"::VARCHAR::VARIANT, target."_ACCOUNT"::VARCHAR::VARIANT, PARSE_JSON('null')), COALESCE(batch."ID"::VARCHAR::VARIANT, target."ID"::VARCHAR::VARIANT, PARSE_JSON('null')))) AS row_key,
      '' || CASE WHEN target."NOTE" IS DISTINCT FROM batch."NOTE" THEN 'note' || '\n' ELSE '' END AS differing,
      COALESCE(batch."_PAGE", target."_PAGE") AS page,
      target."_IN_TABLE" IS NOT NULL AS "_IN_TABLE",
      batch."_PAGE" IS NOT NULL AS in_batch,
      target."_HASH" = batch."_HASH" AS same_hash
    FROM "ANALYTICS"."_ETL_BATCH" AS batch
    FULL OUTER JOIN (SELECT *, TRUE AS "_IN_TABLE" FROM "SALES"."PLAIN") AS target
    ON (target."_ACCOUNT" = batch."_ACCOUNT" AND target."ID" = batch."ID")
    WHERE COALESCE(batch."_PAGE", target."_PAGE") BETWEEN $first_page::NUMBER(38,0) AND $last_page::NUMBER(38,0)) AS paired
  WHERE NOT ("_IN_TABLE" AND in_batch AND differing = '')) AS judged
WHERE kind <> 'same'
UNION ALL
SELECT 'doubled', TO_JSON(ARRAY_CONSTRUCT(COALESCE("_ACCOUNT"::VARCHAR::VARIANT, PARSE_JSON('null')), COALESCE("ID"::VARCHAR::VARIANT, PARSE_JSON('null')))), '', MAX("_PAGE"), COUNT(*) - 1
FROM "SALES"."PLAIN"
GROUP BY "_ACCOUNT", "ID" HAVING COUNT(*) > 1 AND MAX("_PAGE") BETWEEN $first_page::NUMBER(38,0) AND $last_page::NUMBER(38,0);

-- compare_source
-- Values decide, not hashes: a row that was changed by hand keeps its hash.
CREATE OR REPLACE TEMPORARY TABLE "ANALYTICS"."_ETL_DIFFERENCES" AS
SELECT kind, row_key, differing, page, 1 AS counted
FROM (
  SELECT row_key, differing, page,
    CASE
      -- A listing that begins somewhere says nothing of what lies before.
      WHEN NOT in_batch AND $from::VARCHAR IS NOT NULL THEN 'same'
      WHEN is_explained THEN 'explained'
      WHEN NOT "_IN_TABLE" THEN 'missing'
      WHEN NOT in_batch THEN 'surplus'
      WHEN differing = '' THEN 'same'
      WHEN same_hash THEN 'changed'
      ELSE 'stale'
    END AS kind
  FROM (
    SELECT
      -- In an array NULL would be undefined, which no JSON has.
      TO_JSON(ARRAY_CONSTRUCT(COALESCE(batch."_ACCOUNT"::VARCHAR::VARIANT, target."_ACCOUNT"::VARCHAR::VARIANT, PARSE_JSON('null')), COALESCE(batch."ID"::VARCHAR::VARIANT, target."ID"::VARCHAR::VARIANT, PARSE_JSON('null')))) AS row_key,
      '' || CASE WHEN target."NOTE" IS DISTINCT FROM batch."NOTE" THEN 'note' || '\n' ELSE '' END AS differing,
      COALESCE(batch."_PAGE", target."_PAGE") AS page,
      target."_IN_TABLE" IS NOT NULL AS "_IN_TABLE",
      batch."_PAGE" IS NOT NULL AS in_batch,
      target."_HASH" = batch."_HASH" AS same_hash,
      -- Blocked at the source, or changed or loaded since the audit began.
      COALESCE(batch."_HASH" = '', FALSE)
        OR COALESCE(RIGHT(batch."_CURSOR", LENGTH($changed_from::VARCHAR)) >= $changed_from::VARCHAR, FALSE)
        OR (batch."_PAGE" IS NULL AND target."_LOADED_AT" >= $started_at::TIMESTAMP_TZ(6)) AS is_explained

    FROM "ANALYTICS"."_ETL_BATCH" AS batch
    FULL OUTER JOIN (SELECT *, TRUE AS "_IN_TABLE" FROM "SALES"."PLAIN") AS target
    ON (target."_ACCOUNT" = batch."_ACCOUNT" AND target."ID" = batch."ID")
    WHERE COALESCE(batch."_PAGE", target."_PAGE") BETWEEN $first_page::NUMBER(38,0) AND $last_page::NUMBER(38,0)
      -- A listing is of one account.
      AND ($account::VARCHAR IS NULL OR COALESCE(batch."_ACCOUNT", target."_ACCOUNT") = $account::VARCHAR)) AS paired
  WHERE NOT ("_IN_TABLE" AND in_batch AND differing = '')) AS judged
WHERE kind <> 'same'
UNION ALL
SELECT 'doubled', TO_JSON(ARRAY_CONSTRUCT(COALESCE("_ACCOUNT"::VARCHAR::VARIANT, PARSE_JSON('null')), COALESCE("ID"::VARCHAR::VARIANT, PARSE_JSON('null')))), '', MAX("_PAGE"), COUNT(*) - 1
FROM "SALES"."PLAIN"
WHERE $account::VARCHAR IS NULL OR "_ACCOUNT" = $account::VARCHAR
GROUP BY "_ACCOUNT", "ID" HAVING COUNT(*) > 1 AND MAX("_PAGE") BETWEEN $first_page::NUMBER(38,0) AND $last_page::NUMBER(38,0);

-- counted
SELECT kind, SUM(counted) AS "ROWS" FROM "ANALYTICS"."_ETL_DIFFERENCES" GROUP BY kind;

-- examples
SELECT kind, row_key, differing AS columns, page FROM "ANALYTICS"."_ETL_DIFFERENCES"
QUALIFY ROW_NUMBER() OVER (PARTITION BY kind ORDER BY row_key) <= 5
ORDER BY kind, row_key;

-- loaded
SELECT unit, run, first_page, last_page, staged, inserted, updated, unchanged, superseded,
  TO_VARCHAR(loaded_at, 'YYYY-MM-DD"T"HH24:MI:SS.FF3"Z"') AS loaded_at
FROM "ANALYTICS"."_ETL_LOADS" WHERE mapping = 'plain' ORDER BY first_page, unit;

-- forget
-- Rows of one person, by key: each parameter is a list with one column of all keys.
DELETE FROM "SALES"."PLAIN" AS target
USING (
  SELECT
    wanted.k0::VARCHAR AS "_ACCOUNT",
    wanted.k1::NUMBER(38,0) AS "ID"
  FROM (VALUES ($k0, $k1)) AS wanted (k0, k1)
) AS gone
WHERE target."_ACCOUNT" = gone."_ACCOUNT" AND target."ID" = gone."ID";
