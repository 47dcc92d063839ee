-- open
-- What is temporary goes with the session, whatever ends it, and no other session sees it.
CREATE TEMPORARY STAGE IF NOT EXISTS "ANALYTICS"."_ETL_STAGE";

-- open
CREATE OR REPLACE TEMPORARY TABLE "ANALYTICS"."_ETL_FILE" (
  "_ACCOUNT" VARCHAR,
  "ORDER" NUMBER(38,0),
  "SKU" VARCHAR,
  "RAW" BINARY,
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
  "ORDER" NUMBER(38,0),
  "SKU" VARCHAR,
  "RAW" BINARY,
  "_PAGE" NUMBER(38,0),
  "_ORDINAL" NUMBER(38,0),
  "_INDEX" NUMBER(38,0),
  "_RECORD" VARCHAR,
  "_CURSOR" VARCHAR,
  "_HASH" VARCHAR,
  "_OP" VARCHAR
);

-- open
CREATE OR REPLACE TEMPORARY TABLE "ANALYTICS"."_ETL_MARKS" (
  "_ACCOUNT" VARCHAR,
  "_RECORD" VARCHAR,
  "_OP" VARCHAR,
  "_CURSOR" VARCHAR,
  "_PAGE" NUMBER(38,0),
  "_ORDINAL" NUMBER(38,0)
);

-- copy
PUT 'file://$file' @"ANALYTICS"."_ETL_STAGE"/$path/ AUTO_COMPRESS = FALSE SOURCE_COMPRESSION = GZIP OVERWRITE = TRUE;

-- copy
-- An empty field is NULL and a text is always quoted, so that NULL, '' and '\N' differ. A cursor says what kind it is of.
COPY INTO "ANALYTICS"."_ETL_FILE" (
  "_ACCOUNT", "ORDER", "SKU", "RAW", "_PAGE", "_ORDINAL", "_INDEX", "_RECORD", "_CURSOR", "_HASH", "_OP")
FROM (
  SELECT
    $1,
    $2,
    $3,
    TO_BINARY($4, 'BASE64'),
    $5,
    $6,
    $7,
    $8,
    'at timestamp: ' || $9,
    $10,
    $11
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
  SELECT COUNT(*) AS versions, MIN("ORDER") AS low0, MAX("ORDER") AS high0
  FROM "ANALYTICS"."_ETL_FILE" WHERE "_OP" IS NULL
  GROUP BY "_ACCOUNT", "ORDER", "SKU") AS counted;

-- batch
INSERT INTO "ANALYTICS"."_ETL_BATCH" SELECT * FROM "ANALYTICS"."_ETL_FILE" WHERE "_OP" IS NULL;

-- newest
-- The newest version of a row wins: by cursor, then by page order.
INSERT INTO "ANALYTICS"."_ETL_BATCH" SELECT * FROM "ANALYTICS"."_ETL_FILE" WHERE "_OP" IS NULL
QUALIFY ROW_NUMBER() OVER (
  PARTITION BY "_ACCOUNT", "ORDER", "SKU"
  ORDER BY "_CURSOR" DESC NULLS LAST, "_PAGE" DESC NULLS LAST, "_ORDINAL" DESC NULLS LAST, "_INDEX" DESC NULLS LAST) = 1;

-- count
SELECT COUNT(*) AS "ROWS" FROM "ANALYTICS"."LINES"
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
      TO_JSON(ARRAY_CONSTRUCT(COALESCE(batch."_ACCOUNT"::VARCHAR::VARIANT, target."_ACCOUNT"::VARCHAR::VARIANT, PARSE_JSON('null')), COALESCE(batch."ORDER"::VARCHAR::VARIANT, target."ORDER"::VARCHAR::VARIANT, PARSE_JSON('null')), COALESCE(batch."SKU"::VARCHAR::VARIANT, target."SKU"::VARCHAR::VARIANT, PARSE_JSON('null')))) AS row_key,
      '' || CASE WHEN target."RAW" IS DISTINCT FROM batch."RAW" THEN 'raw' || '\n' ELSE '' END AS differing,
      COALESCE(batch."_PAGE", target."_PAGE") AS page,
      target."_IN_TABLE" IS NOT NULL AS "_IN_TABLE",
      batch."_PAGE" IS NOT NULL AS in_batch,
      target."_HASH" = batch."_HASH" AS same_hash
    FROM "ANALYTICS"."_ETL_BATCH" AS batch
    FULL OUTER JOIN (SELECT *, TRUE AS "_IN_TABLE" FROM "ANALYTICS"."LINES") AS target
    ON (target."_ACCOUNT" = batch."_ACCOUNT" AND target."ORDER" = batch."ORDER" AND target."SKU" = batch."SKU")
    WHERE COALESCE(batch."_PAGE", target."_PAGE") BETWEEN $first_page::NUMBER(38,0) AND $last_page::NUMBER(38,0)) AS paired
  WHERE NOT ("_IN_TABLE" AND in_batch AND differing = '')) AS judged
WHERE kind <> 'same'
UNION ALL
SELECT 'doubled', TO_JSON(ARRAY_CONSTRUCT(COALESCE("_ACCOUNT"::VARCHAR::VARIANT, PARSE_JSON('null')), COALESCE("ORDER"::VARCHAR::VARIANT, PARSE_JSON('null')), COALESCE("SKU"::VARCHAR::VARIANT, PARSE_JSON('null')))), '', MAX("_PAGE"), COUNT(*) - 1
FROM "ANALYTICS"."LINES"
GROUP BY "_ACCOUNT", "ORDER", "SKU" HAVING COUNT(*) > 1 AND MAX("_PAGE") BETWEEN $first_page::NUMBER(38,0) AND $last_page::NUMBER(38,0);

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
      TO_JSON(ARRAY_CONSTRUCT(COALESCE(batch."_ACCOUNT"::VARCHAR::VARIANT, target."_ACCOUNT"::VARCHAR::VARIANT, PARSE_JSON('null')), COALESCE(batch."ORDER"::VARCHAR::VARIANT, target."ORDER"::VARCHAR::VARIANT, PARSE_JSON('null')), COALESCE(batch."SKU"::VARCHAR::VARIANT, target."SKU"::VARCHAR::VARIANT, PARSE_JSON('null')))) AS row_key,
      '' || CASE WHEN target."RAW" IS DISTINCT FROM batch."RAW" THEN 'raw' || '\n' ELSE '' END AS differing,
      COALESCE(batch."_PAGE", target."_PAGE") AS page,
      target."_IN_TABLE" IS NOT NULL AS "_IN_TABLE",
      batch."_PAGE" IS NOT NULL AS in_batch,
      target."_HASH" = batch."_HASH" AS same_hash,
      -- Blocked at the source, or changed or loaded since the audit began.
      COALESCE(batch."_HASH" = '', FALSE)
        OR COALESCE(RIGHT(batch."_CURSOR", LENGTH($changed_from::VARCHAR)) >= $changed_from::VARCHAR, FALSE)
        OR (batch."_PAGE" IS NULL AND target."_LOADED_AT" >= $started_at::TIMESTAMP_TZ(6)) AS is_explained

    FROM "ANALYTICS"."_ETL_BATCH" AS batch
    FULL OUTER JOIN (SELECT *, TRUE AS "_IN_TABLE" FROM "ANALYTICS"."LINES") AS target
    ON (target."_ACCOUNT" = batch."_ACCOUNT" AND target."ORDER" = batch."ORDER" AND target."SKU" = batch."SKU")
    WHERE COALESCE(batch."_PAGE", target."_PAGE") BETWEEN $first_page::NUMBER(38,0) AND $last_page::NUMBER(38,0)
      -- A listing is of one account.
      AND ($account::VARCHAR IS NULL OR COALESCE(batch."_ACCOUNT", target."_ACCOUNT") = $account::VARCHAR)) AS paired
  WHERE NOT ("_IN_TABLE" AND in_batch AND differing = '')) AS judged
WHERE kind <> 'same'
UNION ALL
SELECT 'doubled', TO_JSON(ARRAY_CONSTRUCT(COALESCE("_ACCOUNT"::VARCHAR::VARIANT, PARSE_JSON('null')), COALESCE("ORDER"::VARCHAR::VARIANT, PARSE_JSON('null')), COALESCE("SKU"::VARCHAR::VARIANT, PARSE_JSON('null')))), '', MAX("_PAGE"), COUNT(*) - 1
FROM "ANALYTICS"."LINES"
WHERE $account::VARCHAR IS NULL OR "_ACCOUNT" = $account::VARCHAR
GROUP BY "_ACCOUNT", "ORDER", "SKU" HAVING COUNT(*) > 1 AND MAX("_PAGE") BETWEEN $first_page::NUMBER(38,0) AND $last_page::NUMBER(38,0);

-- counted
SELECT kind, SUM(counted) AS "ROWS" FROM "ANALYTICS"."_ETL_DIFFERENCES" GROUP BY kind;

-- examples
SELECT kind, row_key, differing AS columns, page FROM "ANALYTICS"."_ETL_DIFFERENCES"
QUALIFY ROW_NUMBER() OVER (PARTITION BY kind ORDER BY row_key) <= 5
ORDER BY kind, row_key;

-- loaded
SELECT unit, run, first_page, last_page, staged, inserted, updated, unchanged, superseded,
  TO_VARCHAR(loaded_at, 'YYYY-MM-DD"T"HH24:MI:SS.FF3"Z"') AS loaded_at
FROM "ANALYTICS"."_ETL_LOADS" WHERE mapping = 'lines' ORDER BY first_page, unit;

-- current
-- The newest version of each row, unless its record is known in a newer version.
INSERT INTO "ANALYTICS"."_ETL_BATCH"
SELECT line.* FROM "ANALYTICS"."_ETL_FILE" AS line
LEFT JOIN "ANALYTICS"."_ETL_VERSIONS_LINES" AS known
ON (known."_ACCOUNT" = line."_ACCOUNT" AND known."_RECORD" = line."_RECORD")
WHERE line."_OP" IS NULL AND (known."_RECORD" IS NULL OR NOT (((STARTSWITH(known."_CURSOR", 'at timestamp: ') AND line."_CURSOR" < known."_CURSOR") OR (line."_CURSOR" IS NOT DISTINCT FROM known."_CURSOR" AND line."_PAGE" < known."_PAGE"))
  OR (line."_CURSOR" IS NOT DISTINCT FROM known."_CURSOR" AND line."_PAGE" = known."_PAGE" AND line."_ORDINAL" < known."_ORDINAL")))
QUALIFY ROW_NUMBER() OVER (
  PARTITION BY line."_ACCOUNT", line."ORDER", line."SKU"
  ORDER BY line."_CURSOR" DESC NULLS LAST, line."_PAGE" DESC NULLS LAST, line."_ORDINAL" DESC NULLS LAST, line."_INDEX" DESC NULLS LAST) = 1;

-- older_rows
-- Versions that are left out, since their record is known in a newer one, or in this one.
SELECT (SELECT COUNT(*) FROM "ANALYTICS"."_ETL_FILE" WHERE "_OP" IS NULL) - COUNT(*) AS superseded FROM "ANALYTICS"."_ETL_BATCH";

-- forget
-- Rows of one person, by key: each parameter is a list with one column of all keys.
DELETE FROM "ANALYTICS"."LINES" AS target
USING (
  SELECT
    wanted.k0::VARCHAR AS "_ACCOUNT",
    wanted.k1::NUMBER(38,0) AS "ORDER",
    wanted.k2::VARCHAR AS "SKU"
  FROM (VALUES ($k0, $k1, $k2)) AS wanted (k0, k1, k2)
) AS gone
WHERE target."_ACCOUNT" = gone."_ACCOUNT" AND target."ORDER" = gone."ORDER" AND target."SKU" = gone."SKU";
