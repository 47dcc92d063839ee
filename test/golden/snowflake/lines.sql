-- define
CREATE SCHEMA IF NOT EXISTS "ANALYTICS";

-- define
CREATE TABLE IF NOT EXISTS "ANALYTICS"."_ETL_LOADS" (
  unit VARCHAR NOT NULL,
  mapping VARCHAR NOT NULL,
  run VARCHAR NOT NULL,
  first_page NUMBER(38,0) NOT NULL,
  last_page NUMBER(38,0) NOT NULL,
  staged NUMBER(38,0) NOT NULL,
  inserted NUMBER(38,0) NOT NULL,
  updated NUMBER(38,0) NOT NULL,
  unchanged NUMBER(38,0) NOT NULL,
  superseded NUMBER(38,0) NOT NULL,
  deleted NUMBER(38,0) NOT NULL,
  loaded_at TIMESTAMP_TZ(6) NOT NULL
);

-- define
CREATE TABLE IF NOT EXISTS "ANALYTICS"."_ETL_COMPLETENESS" (
  mapping VARCHAR NOT NULL,
  complete_until VARCHAR,
  open_blockers NUMBER(38,0) NOT NULL,
  updated_at TIMESTAMP_TZ(6) NOT NULL
);

-- define
CREATE SCHEMA IF NOT EXISTS "ANALYTICS";

-- define
CREATE TABLE IF NOT EXISTS "ANALYTICS"."LINES" (
  "_ACCOUNT" VARCHAR NOT NULL,
  "ORDER" NUMBER(38,0),
  "SKU" VARCHAR,
  "RAW" BINARY,
  "_RUN" VARCHAR NOT NULL,
  "_PAGE" NUMBER(38,0) NOT NULL,
  "_LOADED_AT" TIMESTAMP_TZ(6) NOT NULL,
  "_HASH" VARCHAR NOT NULL,
  "_CURSOR" VARCHAR,
  "_RECORD" VARCHAR
);

-- define
DROP TABLE IF EXISTS "ANALYTICS"."_ETL_VERSIONS_LINES";

-- define
-- For each record the newest version that says which rows it has, or that it is gone: what is older stays out for good.
CREATE TABLE IF NOT EXISTS "ANALYTICS"."_ETL_VERSIONS_LINES" (
  "_ACCOUNT" VARCHAR NOT NULL,
  "_RECORD" VARCHAR NOT NULL,
  "_OP" VARCHAR NOT NULL,
  "_CURSOR" VARCHAR,
  "_PAGE" NUMBER(38,0) NOT NULL,
  "_ORDINAL" NUMBER(38,0) NOT NULL
);

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

-- known
SELECT staged, inserted, updated, unchanged, superseded, deleted FROM "ANALYTICS"."_ETL_LOADS" WHERE unit = $unit;

-- superseded
-- Rows of the file, and how many of them have a newer version in it.
SELECT COALESCE(SUM(versions), 0) AS filed, COALESCE(SUM(versions - 1), 0) AS superseded, TO_VARCHAR(MIN(low0)) AS low0, TO_VARCHAR(MAX(high0)) AS high0

FROM (
  SELECT COUNT(*) AS versions, MIN("ORDER") AS low0, MAX("ORDER") AS high0
  FROM "ANALYTICS"."_ETL_FILE" WHERE "_OP" IS NULL
  GROUP BY "_ACCOUNT", "ORDER", "SKU") AS counted;

-- orphans
-- Rows from before the table knew their record.
SELECT COUNT(*) AS "ROWS" FROM "ANALYTICS"."LINES" WHERE "_RECORD" IS NULL;

-- adopt
MERGE INTO "ANALYTICS"."LINES" AS target
USING (
SELECT * FROM "ANALYTICS"."_ETL_FILE" WHERE "_OP" IS NULL
QUALIFY ROW_NUMBER() OVER (
  PARTITION BY "_ACCOUNT", "ORDER", "SKU"
  ORDER BY "_CURSOR" DESC NULLS LAST, "_PAGE" DESC NULLS LAST, "_ORDINAL" DESC NULLS LAST, "_INDEX" DESC NULLS LAST) = 1) AS line
ON (target."_ACCOUNT" = line."_ACCOUNT" AND target."ORDER" = line."ORDER" AND target."SKU" = line."SKU" AND target."_RECORD" IS NULL)
WHEN MATCHED THEN UPDATE SET "_RECORD" = line."_RECORD";

-- marks
-- What the records say of themselves: of each the newest marker.
INSERT INTO "ANALYTICS"."_ETL_MARKS" ("_ACCOUNT", "_RECORD", "_OP", "_CURSOR", "_PAGE", "_ORDINAL")
SELECT "_ACCOUNT", "_RECORD", "_OP", "_CURSOR", "_PAGE", "_ORDINAL" FROM "ANALYTICS"."_ETL_FILE"
WHERE "_OP" IN ('complete', 'delete')
QUALIFY ROW_NUMBER() OVER (
  PARTITION BY "_ACCOUNT", "_RECORD"
  ORDER BY "_CURSOR" DESC NULLS LAST, "_PAGE" DESC NULLS LAST, "_ORDINAL" DESC NULLS LAST) = 1;

-- remember
MERGE INTO "ANALYTICS"."_ETL_VERSIONS_LINES" AS known
USING "ANALYTICS"."_ETL_MARKS" AS mark
ON (known."_ACCOUNT" = mark."_ACCOUNT" AND known."_RECORD" = mark."_RECORD")
WHEN MATCHED AND NOT COALESCE(((STARTSWITH(known."_CURSOR", 'at timestamp: ') AND mark."_CURSOR" < known."_CURSOR") OR (mark."_CURSOR" IS NOT DISTINCT FROM known."_CURSOR" AND mark."_PAGE" < known."_PAGE")), FALSE) THEN UPDATE SET
  "_OP" = mark."_OP", "_CURSOR" = mark."_CURSOR", "_PAGE" = mark."_PAGE", "_ORDINAL" = mark."_ORDINAL"
WHEN NOT MATCHED THEN INSERT ("_ACCOUNT", "_RECORD", "_OP", "_CURSOR", "_PAGE", "_ORDINAL")
VALUES (mark."_ACCOUNT", mark."_RECORD", mark."_OP", mark."_CURSOR", mark."_PAGE", mark."_ORDINAL");

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

-- size
SELECT COUNT(*) AS "ROWS" FROM "ANALYTICS"."_ETL_BATCH";

-- merge
MERGE INTO "ANALYTICS"."LINES" AS target
USING "ANALYTICS"."_ETL_BATCH" AS batch
ON (target."_ACCOUNT" = batch."_ACCOUNT" AND target."ORDER" = batch."ORDER" AND target."SKU" = batch."SKU" AND target."ORDER" BETWEEN $low0::NUMBER(38,0) AND $high0::NUMBER(38,0))
-- The version guard: what comes late never takes the place of what is newer. The hash guard: a row whose values are the same
-- is not rewritten.
WHEN MATCHED AND NOT COALESCE(((STARTSWITH(target."_CURSOR", 'at timestamp: ') AND batch."_CURSOR" < target."_CURSOR") OR (batch."_CURSOR" IS NOT DISTINCT FROM target."_CURSOR" AND batch."_PAGE" < target."_PAGE")), FALSE)
  AND (target."_HASH" <> batch."_HASH") THEN UPDATE SET
  "RAW" = batch."RAW",
  "_RUN" = $run, "_PAGE" = batch."_PAGE", "_LOADED_AT" = $loaded_at::TIMESTAMP_TZ(6), "_HASH" = batch."_HASH", "_CURSOR" = batch."_CURSOR", "_RECORD" = batch."_RECORD"

-- The same values in a newer version.
WHEN MATCHED AND NOT COALESCE(((STARTSWITH(target."_CURSOR", 'at timestamp: ') AND batch."_CURSOR" < target."_CURSOR") OR (batch."_CURSOR" IS NOT DISTINCT FROM target."_CURSOR" AND batch."_PAGE" < target."_PAGE")), FALSE)
  AND (target."_CURSOR" IS DISTINCT FROM batch."_CURSOR" OR target."_RECORD" IS DISTINCT FROM batch."_RECORD") THEN UPDATE SET
  "_PAGE" = batch."_PAGE", "_CURSOR" = batch."_CURSOR", "_RECORD" = batch."_RECORD"

WHEN NOT MATCHED THEN INSERT (
  "_ACCOUNT", "ORDER", "SKU", "RAW", "_RUN", "_PAGE", "_LOADED_AT", "_HASH", "_CURSOR", "_RECORD")
VALUES (
  batch."_ACCOUNT", batch."ORDER", batch."SKU", batch."RAW", $run, batch."_PAGE", $loaded_at::TIMESTAMP_TZ(6), batch."_HASH", batch."_CURSOR", batch."_RECORD");

-- written
-- A merge counts rows as updated that only have another version now.
SELECT COUNT(*) AS written FROM "ANALYTICS"."LINES"
WHERE "_LOADED_AT" = $loaded_at::TIMESTAMP_TZ(6) AND "_RUN" = $run
  AND "_PAGE" BETWEEN $first_page::NUMBER(38,0) AND $last_page::NUMBER(38,0);

-- refused
-- After the merge only what the table has in a newer version still differs from it.
SELECT COUNT(*) AS refused FROM "ANALYTICS"."_ETL_BATCH" AS batch
JOIN "ANALYTICS"."LINES" AS target
ON (target."_ACCOUNT" = batch."_ACCOUNT" AND target."ORDER" = batch."ORDER" AND target."SKU" = batch."SKU" AND target."ORDER" BETWEEN $low0::NUMBER(38,0) AND $high0::NUMBER(38,0))
WHERE target."_HASH" <> batch."_HASH";

-- remove
-- Rows of a record that its newest version no longer has.
MERGE INTO "ANALYTICS"."LINES" AS target
USING (
  SELECT held."_ACCOUNT", held."ORDER", held."SKU", mark."_PAGE" AS "_MARK_PAGE", mark."_CURSOR" AS "_MARK_CURSOR"
  FROM "ANALYTICS"."LINES" AS held
  JOIN "ANALYTICS"."_ETL_MARKS" AS mark
  ON (mark."_ACCOUNT" = held."_ACCOUNT" AND mark."_RECORD" = held."_RECORD")
  JOIN "ANALYTICS"."_ETL_VERSIONS_LINES" AS known
  ON (known."_ACCOUNT" = mark."_ACCOUNT" AND known."_RECORD" = mark."_RECORD" AND known."_CURSOR" IS NOT DISTINCT FROM mark."_CURSOR"
    AND known."_PAGE" = mark."_PAGE" AND known."_ORDINAL" = mark."_ORDINAL")
  LEFT JOIN "ANALYTICS"."_ETL_BATCH" AS batch
  ON (batch."_RECORD" = held."_RECORD" AND batch."_ACCOUNT" = held."_ACCOUNT" AND batch."ORDER" = held."ORDER" AND batch."SKU" = held."SKU")
  WHERE batch."_RECORD" IS NULL AND NOT (((STARTSWITH(held."_CURSOR", 'at timestamp: ') AND mark."_CURSOR" < held."_CURSOR") OR (mark."_CURSOR" IS NOT DISTINCT FROM held."_CURSOR" AND mark."_PAGE" < held."_PAGE")))

) AS gone
ON (target."_ACCOUNT" = gone."_ACCOUNT" AND target."ORDER" = gone."ORDER" AND target."SKU" = gone."SKU")
WHEN MATCHED THEN DELETE;

-- record
INSERT INTO "ANALYTICS"."_ETL_LOADS"
  (unit, mapping, run, first_page, last_page, staged, inserted, updated, unchanged, superseded, deleted, loaded_at)
SELECT $unit, 'lines', $run, $first_page::NUMBER(38,0), $last_page::NUMBER(38,0), $staged::NUMBER(38,0), $inserted::NUMBER(38,0),
  $updated::NUMBER(38,0), $unchanged::NUMBER(38,0), $superseded::NUMBER(38,0), $deleted::NUMBER(38,0), $loaded_at::TIMESTAMP_TZ(6);

-- complete
-- For readers: up to which value of the stream's cursor all is here but for what is blocked; NULL where nobody knows.
MERGE INTO "ANALYTICS"."_ETL_COMPLETENESS" AS target
USING (SELECT 'lines' AS mapping, $complete_until::VARCHAR AS complete_until,
  $open_blockers::NUMBER(38,0) AS open_blockers, CURRENT_TIMESTAMP()::TIMESTAMP_TZ(6) AS updated_at) AS reached
ON (target.mapping = reached.mapping)
WHEN MATCHED THEN UPDATE SET
  complete_until = CASE WHEN $moves::BOOLEAN THEN reached.complete_until ELSE target.complete_until END,
  open_blockers = reached.open_blockers, updated_at = reached.updated_at
WHEN NOT MATCHED THEN INSERT (mapping, complete_until, open_blockers, updated_at)
VALUES (reached.mapping, reached.complete_until, reached.open_blockers, reached.updated_at);

-- clean
REMOVE @"ANALYTICS"."_ETL_STAGE"/$path/;

-- clean
DROP TABLE IF EXISTS "ANALYTICS"."_ETL_FILE";

-- clean
DROP TABLE IF EXISTS "ANALYTICS"."_ETL_BATCH";

-- clean
DROP TABLE IF EXISTS "ANALYTICS"."_ETL_MARKS";
