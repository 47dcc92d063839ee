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
CREATE TABLE IF NOT EXISTS "ANALYTICS"."EVERYTHING" (
  "_ACCOUNT" VARCHAR NOT NULL,
  "ID" VARCHAR,
  "TEXT" VARCHAR,
  "WHOLE" NUMBER(38,0),
  "PRICE" NUMBER(18,2),
  "SHARE" FLOAT,
  "YES" BOOLEAN,
  "DAY" DATE,
  "CLOCK" TIME(6),
  "MADE" TIMESTAMP_TZ(6),
  "LOCAL" TIMESTAMP_NTZ(6),
  "DOC" VARIANT,
  "RAW" BINARY,
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
  "TEXT" VARCHAR,
  "WHOLE" NUMBER(38,0),
  "PRICE" NUMBER(18,2),
  "SHARE" FLOAT,
  "YES" BOOLEAN,
  "DAY" DATE,
  "CLOCK" TIME(6),
  "MADE" TIMESTAMP_TZ(6),
  "LOCAL" TIMESTAMP_NTZ(6),
  "DOC" VARIANT,
  "RAW" BINARY,
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
  "_ACCOUNT", "ID", "TEXT", "WHOLE", "PRICE", "SHARE", "YES", "DAY", "CLOCK", "MADE", "LOCAL", "DOC", "RAW", "_PAGE", "_ORDINAL", "_INDEX", "_RECORD", "_CURSOR", "_HASH", "_OP")
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
    $10,
    $11,
    PARSE_JSON($12),
    TO_BINARY($13, 'BASE64'),
    $14,
    $15,
    $16,
    $17,
    'at timestamp: ' || $18,
    $19,
    $20
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
SELECT COALESCE(SUM(versions), 0) AS filed, COALESCE(SUM(versions - 1), 0) AS superseded, TO_VARCHAR(MIN(low0), 'YYYY-MM-DD"T"HH24:MI:SS.FF6TZH:TZM') AS low0, TO_VARCHAR(MAX(high0), 'YYYY-MM-DD"T"HH24:MI:SS.FF6TZH:TZM') AS high0

FROM (
  SELECT COUNT(*) AS versions, MIN("MADE") AS low0, MAX("MADE") AS high0
  FROM "ANALYTICS"."_ETL_FILE"
  GROUP BY "_ACCOUNT", "ID") AS counted;

-- merge
MERGE INTO "ANALYTICS"."EVERYTHING" AS target
USING (
SELECT * FROM "ANALYTICS"."_ETL_FILE"
QUALIFY ROW_NUMBER() OVER (
  PARTITION BY "_ACCOUNT", "ID"
  ORDER BY "_CURSOR" DESC NULLS LAST, "_PAGE" DESC NULLS LAST, "_ORDINAL" DESC NULLS LAST, "_INDEX" DESC NULLS LAST) = 1) AS batch
ON (target."_ACCOUNT" = batch."_ACCOUNT" AND target."ID" = batch."ID" AND (target."MADE" BETWEEN $low0::TIMESTAMP_TZ(6) AND $high0::TIMESTAMP_TZ(6) OR target."MADE" IS NULL))
-- The version guard: what comes late never takes the place of what is newer. The hash guard: a row whose values are the same
-- is not rewritten.
WHEN MATCHED AND NOT COALESCE(((STARTSWITH(target."_CURSOR", 'at timestamp: ') AND batch."_CURSOR" < target."_CURSOR") OR (batch."_CURSOR" IS NOT DISTINCT FROM target."_CURSOR" AND batch."_PAGE" < target."_PAGE")), FALSE)
  AND (target."_HASH" <> batch."_HASH") THEN UPDATE SET
  "TEXT" = batch."TEXT",
  "WHOLE" = batch."WHOLE",
  "PRICE" = batch."PRICE",
  "SHARE" = batch."SHARE",
  "YES" = batch."YES",
  "DAY" = batch."DAY",
  "CLOCK" = batch."CLOCK",
  "MADE" = batch."MADE",
  "LOCAL" = batch."LOCAL",
  "DOC" = batch."DOC",
  "RAW" = batch."RAW",
  "_RUN" = $run, "_PAGE" = batch."_PAGE", "_LOADED_AT" = $loaded_at::TIMESTAMP_TZ(6), "_HASH" = batch."_HASH", "_CURSOR" = batch."_CURSOR"

-- The same values in a newer version.
WHEN MATCHED AND NOT COALESCE(((STARTSWITH(target."_CURSOR", 'at timestamp: ') AND batch."_CURSOR" < target."_CURSOR") OR (batch."_CURSOR" IS NOT DISTINCT FROM target."_CURSOR" AND batch."_PAGE" < target."_PAGE")), FALSE)
  AND (target."_CURSOR" IS DISTINCT FROM batch."_CURSOR") THEN UPDATE SET
  "_PAGE" = batch."_PAGE", "_CURSOR" = batch."_CURSOR"

WHEN NOT MATCHED THEN INSERT (
  "_ACCOUNT", "ID", "TEXT", "WHOLE", "PRICE", "SHARE", "YES", "DAY", "CLOCK", "MADE", "LOCAL", "DOC", "RAW", "_RUN", "_PAGE", "_LOADED_AT", "_HASH", "_CURSOR")
VALUES (
  batch."_ACCOUNT", batch."ID", batch."TEXT", batch."WHOLE", batch."PRICE", batch."SHARE", batch."YES", batch."DAY", batch."CLOCK", batch."MADE", batch."LOCAL", batch."DOC", batch."RAW", $run, batch."_PAGE", $loaded_at::TIMESTAMP_TZ(6), batch."_HASH", batch."_CURSOR");

-- written
-- A merge counts rows as updated that only have another version now.
SELECT COUNT(*) AS written FROM "ANALYTICS"."EVERYTHING"
WHERE "_LOADED_AT" = $loaded_at::TIMESTAMP_TZ(6) AND "_RUN" = $run
  AND "_PAGE" BETWEEN $first_page::NUMBER(38,0) AND $last_page::NUMBER(38,0);

-- refused
-- After the merge only what the table has in a newer version still differs from it.
SELECT COUNT(*) AS refused FROM (
SELECT * FROM "ANALYTICS"."_ETL_FILE"
QUALIFY ROW_NUMBER() OVER (
  PARTITION BY "_ACCOUNT", "ID"
  ORDER BY "_CURSOR" DESC NULLS LAST, "_PAGE" DESC NULLS LAST, "_ORDINAL" DESC NULLS LAST, "_INDEX" DESC NULLS LAST) = 1) AS batch
JOIN "ANALYTICS"."EVERYTHING" AS target
ON (target."_ACCOUNT" = batch."_ACCOUNT" AND target."ID" = batch."ID" AND (target."MADE" BETWEEN $low0::TIMESTAMP_TZ(6) AND $high0::TIMESTAMP_TZ(6) OR target."MADE" IS NULL))
WHERE target."_HASH" <> batch."_HASH";

-- record
INSERT INTO "ANALYTICS"."_ETL_LOADS"
  (unit, mapping, run, first_page, last_page, staged, inserted, updated, unchanged, superseded, deleted, loaded_at)
SELECT $unit, 'everything', $run, $first_page::NUMBER(38,0), $last_page::NUMBER(38,0), $staged::NUMBER(38,0), $inserted::NUMBER(38,0),
  $updated::NUMBER(38,0), $unchanged::NUMBER(38,0), $superseded::NUMBER(38,0), $deleted::NUMBER(38,0), $loaded_at::TIMESTAMP_TZ(6);

-- complete
-- For readers: up to which value of the stream's cursor all is here but for what is blocked; NULL where nobody knows.
MERGE INTO "ANALYTICS"."_ETL_COMPLETENESS" AS target
USING (SELECT 'everything' AS mapping, $complete_until::VARCHAR AS complete_until,
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
