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
CREATE SCHEMA IF NOT EXISTS "SALES";

-- define
CREATE TABLE IF NOT EXISTS "SALES"."KEPT" (
  "_ACCOUNT" VARCHAR NOT NULL,
  "ID" VARCHAR,
  "NOTE" VARCHAR,
  "_RUN" VARCHAR NOT NULL,
  "_PAGE" NUMBER(38,0) NOT NULL,
  "_LOADED_AT" TIMESTAMP_TZ(6) NOT NULL,
  "_HASH" VARCHAR NOT NULL,
  "_CURSOR" VARCHAR
);

-- open
-- What is temporary goes with the session, whatever ends it, and no other session sees it.
CREATE TEMPORARY STAGE IF NOT EXISTS "ANALYTICS"."_ETL_STAGE";

-- open
CREATE OR REPLACE TEMPORARY TABLE "ANALYTICS"."_ETL_FILE" (
  "_ACCOUNT" VARCHAR,
  "ID" VARCHAR,
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
  "ID" VARCHAR,
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
    'at timestamp: ' || $8,
    $9,
    $10
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
SELECT COALESCE(SUM(versions), 0) AS filed, COALESCE(SUM(versions - 1), 0) AS superseded

FROM (
  SELECT COUNT(*) AS versions
  FROM "ANALYTICS"."_ETL_FILE"
  GROUP BY "_ACCOUNT", "ID", "_CURSOR", "_HASH") AS counted;

-- batch
INSERT INTO "ANALYTICS"."_ETL_BATCH" SELECT * FROM "ANALYTICS"."_ETL_FILE";

-- newest
-- The newest version of a row wins: by cursor, then by page order.
INSERT INTO "ANALYTICS"."_ETL_BATCH" SELECT * FROM "ANALYTICS"."_ETL_FILE"
QUALIFY ROW_NUMBER() OVER (
  PARTITION BY "_ACCOUNT", "ID", "_CURSOR", "_HASH"
  ORDER BY "_CURSOR" DESC NULLS LAST, "_PAGE" DESC NULLS LAST, "_ORDINAL" DESC NULLS LAST, "_INDEX" DESC NULLS LAST) = 1;

-- outdated
-- What these pages made when the mapping was another one. A load of new pages finds nothing.
MERGE INTO "SALES"."KEPT" AS target
USING (
  SELECT held."_ACCOUNT", held."ID", held."_HASH", held."_CURSOR"
  FROM "SALES"."KEPT" AS held
  LEFT JOIN "ANALYTICS"."_ETL_BATCH" AS batch ON (batch."_ACCOUNT" = held."_ACCOUNT" AND batch."ID" = held."ID" AND batch."_HASH" = held."_HASH" AND COALESCE(batch."_CURSOR", '') = COALESCE(held."_CURSOR", ''))
  WHERE batch."_PAGE" IS NULL AND held."_PAGE" BETWEEN $first_page::NUMBER(38,0) AND $last_page::NUMBER(38,0)
) AS gone
ON (target."_ACCOUNT" = gone."_ACCOUNT" AND target."ID" = gone."ID" AND target."_HASH" = gone."_HASH" AND COALESCE(target."_CURSOR", '') = COALESCE(gone."_CURSOR", ''))
WHEN MATCHED THEN DELETE;

-- merge
-- Every version stays. One that the table has, with the same values, is not added again.
MERGE INTO "SALES"."KEPT" AS target
USING "ANALYTICS"."_ETL_BATCH" AS batch
ON (target."_ACCOUNT" = batch."_ACCOUNT" AND target."ID" = batch."ID" AND target."_HASH" = batch."_HASH" AND COALESCE(target."_CURSOR", '') = COALESCE(batch."_CURSOR", ''))
WHEN NOT MATCHED THEN INSERT (
  "_ACCOUNT", "ID", "NOTE", "_RUN", "_PAGE", "_LOADED_AT", "_HASH", "_CURSOR")
VALUES (
  batch."_ACCOUNT", batch."ID", batch."NOTE", $run, batch."_PAGE", $loaded_at::TIMESTAMP_TZ(6), batch."_HASH", batch."_CURSOR");

-- written
-- A merge counts rows as updated that only have another version now.
SELECT COUNT(*) AS written FROM "SALES"."KEPT"
WHERE "_LOADED_AT" = $loaded_at::TIMESTAMP_TZ(6) AND "_RUN" = $run
  AND "_PAGE" BETWEEN $first_page::NUMBER(38,0) AND $last_page::NUMBER(38,0);

-- record
INSERT INTO "ANALYTICS"."_ETL_LOADS"
  (unit, mapping, run, first_page, last_page, staged, inserted, updated, unchanged, superseded, deleted, loaded_at)
SELECT $unit, 'kept', $run, $first_page::NUMBER(38,0), $last_page::NUMBER(38,0), $staged::NUMBER(38,0), $inserted::NUMBER(38,0),
  $updated::NUMBER(38,0), $unchanged::NUMBER(38,0), $superseded::NUMBER(38,0), $deleted::NUMBER(38,0), $loaded_at::TIMESTAMP_TZ(6);

-- complete
-- For readers: up to which value of the stream's cursor all is here but for what is blocked; NULL where nobody knows.
MERGE INTO "ANALYTICS"."_ETL_COMPLETENESS" AS target
USING (SELECT 'kept' AS mapping, $complete_until::VARCHAR AS complete_until,
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
