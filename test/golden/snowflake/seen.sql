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
CREATE TABLE IF NOT EXISTS "SALES"."SEEN" (
  "_ACCOUNT" VARCHAR NOT NULL,
  "ID" NUMBER(38,0),
  "NOTE" VARCHAR,
  "_RUN" VARCHAR NOT NULL,
  "_PAGE" NUMBER(38,0) NOT NULL,
  "_LOADED_AT" TIMESTAMP_TZ(6) NOT NULL,
  "_HASH" VARCHAR NOT NULL,
  "_CURSOR" VARCHAR,
  "_VALID_FROM" TIMESTAMP_TZ(6),
  "_VALID_TO" TIMESTAMP_TZ(6),
  "_IS_CURRENT" BOOLEAN
);

-- define
DROP TABLE IF EXISTS "SALES"."_ETL_VERSIONS_SEEN";

-- define
-- Every version of each row, without its values, and what records say of their rows: intervals are made of them.
CREATE TABLE IF NOT EXISTS "SALES"."_ETL_VERSIONS_SEEN" (
  "_ACCOUNT" VARCHAR,
  "ID" NUMBER(38,0),
  "_RECORD" VARCHAR NOT NULL,
  "_OP" VARCHAR,
  "_CURSOR" VARCHAR,
  "_PAGE" NUMBER(38,0) NOT NULL,
  "_ORDINAL" NUMBER(38,0) NOT NULL,
  "_INDEX" NUMBER(38,0),
  "_HASH" VARCHAR NOT NULL,
  "_SEEN_AT" TIMESTAMP_TZ(6)
);

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

-- open
CREATE OR REPLACE TEMPORARY TABLE "ANALYTICS"."_ETL_KEYS" (
  "_ACCOUNT" VARCHAR,
  "ID" NUMBER(38,0)
);

-- open
CREATE OR REPLACE TEMPORARY TABLE "ANALYTICS"."_ETL_EVENTS" (
  "_ACCOUNT" VARCHAR,
  "ID" NUMBER(38,0),
  "_RECORD" VARCHAR,
  "_CURSOR" VARCHAR,
  "_PAGE" NUMBER(38,0),
  "_HASH" VARCHAR,
  "_PLACE" NUMBER(38,0),
  "_HASH_BEFORE" VARCHAR,
  "_CURSOR_BEFORE" VARCHAR,
  "_BEGINS_AT" TIMESTAMP_TZ(6)
);

-- open
CREATE OR REPLACE TEMPORARY TABLE "ANALYTICS"."_ETL_INTERVALS" (
  "_ACCOUNT" VARCHAR,
  "ID" NUMBER(38,0),
  "_CURSOR" VARCHAR,
  "_PAGE" NUMBER(38,0),
  "_HASH" VARCHAR,
  "_VALID_FROM" TIMESTAMP_TZ(6),
  "_VALID_TO" TIMESTAMP_TZ(6),
  "_IS_CURRENT" BOOLEAN
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

-- known
SELECT staged, inserted, updated, unchanged, superseded, deleted FROM "ANALYTICS"."_ETL_LOADS" WHERE unit = $unit;

-- superseded
-- Rows of the file, and how many of them have a newer version in it.
SELECT COALESCE(SUM(versions), 0) AS filed, COALESCE(SUM(versions - 1), 0) AS superseded, TO_VARCHAR(MIN(low0)) AS low0, TO_VARCHAR(MAX(high0)) AS high0

FROM (
  SELECT COUNT(*) AS versions, MIN("ID") AS low0, MAX("ID") AS high0
  FROM "ANALYTICS"."_ETL_FILE" WHERE "_OP" IS NULL
  GROUP BY "_ACCOUNT", "ID", "_CURSOR", "_PAGE") AS counted;

-- newest
-- The newest version of a row wins: by cursor, then by page order.
INSERT INTO "ANALYTICS"."_ETL_BATCH" SELECT * FROM "ANALYTICS"."_ETL_FILE" WHERE "_OP" IS NULL
QUALIFY ROW_NUMBER() OVER (
  PARTITION BY "_ACCOUNT", "ID", "_CURSOR", "_PAGE"
  ORDER BY "_CURSOR" DESC NULLS LAST, "_PAGE" DESC NULLS LAST, "_ORDINAL" DESC NULLS LAST, "_INDEX" DESC NULLS LAST) = 1;

-- touched
-- Rows whose intervals may be other ones now: those of the file, those that its pages had before, and those of records it speaks of.
INSERT INTO "ANALYTICS"."_ETL_KEYS" ("_ACCOUNT", "ID")
SELECT DISTINCT "_ACCOUNT", "ID" FROM (
  SELECT "_ACCOUNT", "ID" FROM "ANALYTICS"."_ETL_BATCH"
  UNION ALL
  SELECT "_ACCOUNT", "ID" FROM "SALES"."_ETL_VERSIONS_SEEN"
  WHERE "_OP" IS NULL AND "_PAGE" BETWEEN $first_page::NUMBER(38,0) AND $last_page::NUMBER(38,0)
  UNION ALL
  SELECT held."_ACCOUNT", held."ID" FROM "SALES"."_ETL_VERSIONS_SEEN" AS held
  JOIN (
    SELECT DISTINCT "_ACCOUNT", "_RECORD" FROM (
      SELECT "_ACCOUNT", "_RECORD" FROM "ANALYTICS"."_ETL_FILE" WHERE "_OP" IN ('complete', 'delete')
      UNION ALL
      SELECT "_ACCOUNT", "_RECORD" FROM "SALES"."_ETL_VERSIONS_SEEN"
      WHERE "_OP" IS NOT NULL AND "_PAGE" BETWEEN $first_page::NUMBER(38,0) AND $last_page::NUMBER(38,0)) AS marked
  ) AS told ON (told."_ACCOUNT" = held."_ACCOUNT" AND told."_RECORD" = held."_RECORD")
  WHERE held."_OP" IS NULL
) AS found;

-- unremember
-- What these pages said when the mapping was another one: rows,
MERGE INTO "SALES"."_ETL_VERSIONS_SEEN" AS known
USING (
  SELECT held."_ACCOUNT", held."ID", held."_PAGE", held."_CURSOR"
  FROM "SALES"."_ETL_VERSIONS_SEEN" AS held
  LEFT JOIN "ANALYTICS"."_ETL_BATCH" AS batch ON (batch."_ACCOUNT" = held."_ACCOUNT" AND batch."ID" = held."ID" AND batch."_PAGE" = held."_PAGE" AND COALESCE(batch."_CURSOR", '') = COALESCE(held."_CURSOR", ''))
  WHERE batch."_PAGE" IS NULL AND held."_OP" IS NULL AND held."_PAGE" BETWEEN $first_page::NUMBER(38,0) AND $last_page::NUMBER(38,0)
) AS gone
ON (known."_OP" IS NULL AND (known."_ACCOUNT" = gone."_ACCOUNT" AND known."ID" = gone."ID" AND known."_PAGE" = gone."_PAGE" AND COALESCE(known."_CURSOR", '') = COALESCE(gone."_CURSOR", '')))
WHEN MATCHED THEN DELETE;

-- unremember
-- and what their records said of their rows.
MERGE INTO "SALES"."_ETL_VERSIONS_SEEN" AS known
USING (
  SELECT held."_OP", held."_ACCOUNT", held."_RECORD", held."_PAGE", held."_ORDINAL", held."_CURSOR"
  FROM "SALES"."_ETL_VERSIONS_SEEN" AS held
  LEFT JOIN "ANALYTICS"."_ETL_FILE" AS mark ON (mark."_OP" = held."_OP" AND mark."_ACCOUNT" = held."_ACCOUNT" AND mark."_RECORD" = held."_RECORD"
  AND mark."_PAGE" = held."_PAGE" AND mark."_ORDINAL" = held."_ORDINAL" AND COALESCE(mark."_CURSOR", '') = COALESCE(held."_CURSOR", ''))
  WHERE mark."_PAGE" IS NULL AND held."_OP" IS NOT NULL AND held."_PAGE" BETWEEN $first_page::NUMBER(38,0) AND $last_page::NUMBER(38,0)
) AS gone
ON (known."_OP" = gone."_OP" AND known."_ACCOUNT" = gone."_ACCOUNT" AND known."_RECORD" = gone."_RECORD"
  AND known."_PAGE" = gone."_PAGE" AND known."_ORDINAL" = gone."_ORDINAL" AND COALESCE(known."_CURSOR", '') = COALESCE(gone."_CURSOR", ''))
WHEN MATCHED THEN DELETE;

-- remember
-- A version that was known keeps the time at which it was first seen.
MERGE INTO "SALES"."_ETL_VERSIONS_SEEN" AS known
USING "ANALYTICS"."_ETL_BATCH" AS batch
ON (known."_OP" IS NULL AND (known."_ACCOUNT" = batch."_ACCOUNT" AND known."ID" = batch."ID" AND known."_PAGE" = batch."_PAGE" AND COALESCE(known."_CURSOR", '') = COALESCE(batch."_CURSOR", '')))
WHEN MATCHED THEN UPDATE SET
  "_RECORD" = batch."_RECORD", "_ORDINAL" = batch."_ORDINAL", "_INDEX" = batch."_INDEX", "_HASH" = batch."_HASH"
WHEN NOT MATCHED THEN INSERT ("_ACCOUNT", "ID", "_RECORD", "_CURSOR", "_PAGE", "_ORDINAL", "_INDEX", "_HASH", "_SEEN_AT")
VALUES (batch."_ACCOUNT", batch."ID", batch."_RECORD", batch."_CURSOR", batch."_PAGE", batch."_ORDINAL", batch."_INDEX", batch."_HASH", $loaded_at::TIMESTAMP_TZ(6));

-- marks
INSERT INTO "SALES"."_ETL_VERSIONS_SEEN" ("_ACCOUNT", "_RECORD", "_OP", "_CURSOR", "_PAGE", "_ORDINAL", "_HASH", "_SEEN_AT")
SELECT mark."_ACCOUNT", mark."_RECORD", mark."_OP", mark."_CURSOR", mark."_PAGE", mark."_ORDINAL", '', $loaded_at::TIMESTAMP_TZ(6)
FROM "ANALYTICS"."_ETL_FILE" AS mark
LEFT JOIN "SALES"."_ETL_VERSIONS_SEEN" AS known ON (known."_OP" = mark."_OP" AND known."_ACCOUNT" = mark."_ACCOUNT" AND known."_RECORD" = mark."_RECORD"
  AND known."_PAGE" = mark."_PAGE" AND known."_ORDINAL" = mark."_ORDINAL" AND COALESCE(known."_CURSOR", '') = COALESCE(mark."_CURSOR", ''))
WHERE mark."_OP" IN ('complete', 'delete') AND known."_PAGE" IS NULL;

-- events
-- What became of each row, one after another: a version of it, or that its record no longer has it (with an empty hash).
INSERT INTO "ANALYTICS"."_ETL_EVENTS" (
  "_ACCOUNT", "ID", "_RECORD", "_CURSOR", "_PAGE", "_HASH", "_PLACE", "_HASH_BEFORE", "_CURSOR_BEFORE", "_BEGINS_AT")
WITH own AS (
  SELECT known.* FROM "SALES"."_ETL_VERSIONS_SEEN" AS known
  JOIN "ANALYTICS"."_ETL_KEYS" AS touched ON (known."_ACCOUNT" = touched."_ACCOUNT" AND known."ID" = touched."ID")
  WHERE known."_OP" IS NULL
), told AS (
  SELECT "_ACCOUNT", "ID", "_RECORD", "_CURSOR", "_PAGE", "_ORDINAL", "_INDEX", "_HASH", "_SEEN_AT" FROM own
  UNION ALL
  SELECT held."_ACCOUNT", held."ID", mark."_RECORD", mark."_CURSOR", mark."_PAGE", mark."_ORDINAL", NULL, '', mark."_SEEN_AT"
  FROM (SELECT DISTINCT "_ACCOUNT", "ID", "_RECORD" FROM own) AS held
  JOIN "SALES"."_ETL_VERSIONS_SEEN" AS mark
  ON (mark."_ACCOUNT" = held."_ACCOUNT" AND mark."_RECORD" = held."_RECORD")
  WHERE mark."_OP" IN ('complete', 'delete')
), spoken AS (
  -- A row that stands behind a marker of its own version is one that the record has.
  SELECT *, MAX(CASE WHEN "_HASH" <> '' THEN "_ORDINAL" END) OVER (
    PARTITION BY "_ACCOUNT", "ID", "_RECORD", "_PAGE", COALESCE("_CURSOR", '')) AS "_ROW_ORDINAL"
  FROM told
), placed AS (
  SELECT *, ROW_NUMBER() OVER (
    PARTITION BY "_ACCOUNT", "ID"
    -- Cursors of another kind are those of an earlier time.
    ORDER BY "_CURSOR" IS NULL, "_CURSOR" NULLS FIRST, "_PAGE" NULLS FIRST, "_ORDINAL" NULLS FIRST, "_INDEX" NULLS FIRST) AS "_PLACE"
  FROM spoken WHERE "_HASH" <> '' OR "_ROW_ORDINAL" IS NULL OR "_ROW_ORDINAL" < "_ORDINAL"
), numbered AS (
  SELECT *, SUM(CASE WHEN "_HASH" <> '' THEN 1 ELSE 0 END) OVER (
    PARTITION BY "_ACCOUNT", "ID" ORDER BY "_PLACE" ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS "_CHAPTER"
  FROM placed
), owned AS (
  SELECT *, MAX(CASE WHEN "_HASH" <> '' THEN "_RECORD" END) OVER (PARTITION BY "_ACCOUNT", "ID", "_CHAPTER") AS "_OWNER"
  FROM numbered
)
SELECT "_ACCOUNT", "ID", "_RECORD", "_CURSOR", "_PAGE", "_HASH", "_PLACE",
  LAG("_HASH", 1, '') OVER (PARTITION BY "_ACCOUNT", "ID" ORDER BY "_PLACE"),
  LAG("_CURSOR") OVER (PARTITION BY "_ACCOUNT", "ID" ORDER BY "_PLACE"),
  -- What comes late begins, at the latest, when what follows it began.
  MIN("_SEEN_AT")
    OVER (PARTITION BY "_ACCOUNT", "ID" ORDER BY "_PLACE" ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING)
-- What a record no longer has may be another one's by now.
FROM owned WHERE "_HASH" <> '' OR "_RECORD" = "_OWNER";

-- intervals
-- An interval begins where the values are other ones than before, and ends where the next one begins, or the row is gone.
INSERT INTO "ANALYTICS"."_ETL_INTERVALS" ("_ACCOUNT", "ID", "_CURSOR", "_PAGE", "_HASH", "_VALID_FROM", "_VALID_TO", "_IS_CURRENT")
SELECT "_ACCOUNT", "ID", "_CURSOR", "_PAGE", "_HASH", "_BEGINS_AT", "_ENDS_AT", "_NEXT_PLACE" IS NULL
FROM (
  SELECT *, LEAD("_BEGINS_AT") OVER (PARTITION BY "_ACCOUNT", "ID" ORDER BY "_PLACE") AS "_ENDS_AT",
    LEAD("_PLACE") OVER (PARTITION BY "_ACCOUNT", "ID" ORDER BY "_PLACE") AS "_NEXT_PLACE"
  FROM "ANALYTICS"."_ETL_EVENTS" WHERE "_HASH" <> "_HASH_BEFORE") AS begun
WHERE "_HASH" <> '';

-- judged
-- What the rows of this load are: a new interval, or one that is there with other values.
SELECT COUNT_IF(target."_HASH" IS NULL) AS inserted, COUNT_IF(target."_HASH" <> wanted."_HASH") AS updated
FROM "ANALYTICS"."_ETL_INTERVALS" AS wanted
JOIN "ANALYTICS"."_ETL_BATCH" AS batch ON (wanted."_ACCOUNT" = batch."_ACCOUNT" AND wanted."ID" = batch."ID" AND wanted."_PAGE" = batch."_PAGE" AND COALESCE(wanted."_CURSOR", '') = COALESCE(batch."_CURSOR", ''))
LEFT JOIN "SALES"."SEEN" AS target ON (target."_ACCOUNT" = wanted."_ACCOUNT" AND target."ID" = wanted."ID" AND target."_PAGE" = wanted."_PAGE" AND COALESCE(target."_CURSOR", '') = COALESCE(wanted."_CURSOR", ''));

-- merge
-- An interval that opens late has the values of the one that it was a part of.
MERGE INTO "SALES"."SEEN" AS target
USING (
  SELECT wanted."_ACCOUNT", wanted."ID", wanted."_CURSOR", wanted."_PAGE", wanted."_HASH", wanted."_VALID_FROM", wanted."_VALID_TO", wanted."_IS_CURRENT",
    CASE WHEN batch."_PAGE" IS NULL THEN donor."NOTE" ELSE batch."NOTE" END AS "NOTE",
    batch."_PAGE" IS NOT NULL AS "_IN_BATCH"
  FROM "ANALYTICS"."_ETL_INTERVALS" AS wanted
  LEFT JOIN "ANALYTICS"."_ETL_BATCH" AS batch ON (batch."_ACCOUNT" = wanted."_ACCOUNT" AND batch."ID" = wanted."ID" AND batch."_PAGE" = wanted."_PAGE" AND COALESCE(batch."_CURSOR", '') = COALESCE(wanted."_CURSOR", ''))
  LEFT JOIN (
    SELECT held.* FROM "SALES"."SEEN" AS held
    JOIN "ANALYTICS"."_ETL_KEYS" AS touched ON (held."_ACCOUNT" = touched."_ACCOUNT" AND held."ID" = touched."ID")
    QUALIFY ROW_NUMBER() OVER (PARTITION BY held."_ACCOUNT", held."ID", SPLIT_PART(held."_HASH", ' ', 1) ORDER BY held."_PAGE" NULLS LAST) = 1
  ) AS donor ON (donor."_ACCOUNT" = wanted."_ACCOUNT" AND donor."ID" = wanted."ID" AND SPLIT_PART(donor."_HASH", ' ', 1) = wanted."_HASH")
) AS wanted
ON (target."_ACCOUNT" = wanted."_ACCOUNT" AND target."ID" = wanted."ID" AND target."_PAGE" = wanted."_PAGE" AND COALESCE(target."_CURSOR", '') = COALESCE(wanted."_CURSOR", ''))
WHEN MATCHED AND wanted."_IN_BATCH" AND target."_HASH" <> wanted."_HASH" THEN UPDATE SET
  "NOTE" = wanted."NOTE",
  "_RUN" = $run, "_LOADED_AT" = $loaded_at::TIMESTAMP_TZ(6), "_HASH" = wanted."_HASH",
  "_VALID_FROM" = wanted."_VALID_FROM", "_VALID_TO" = wanted."_VALID_TO", "_IS_CURRENT" = wanted."_IS_CURRENT"
WHEN MATCHED AND (target."_VALID_FROM" IS DISTINCT FROM wanted."_VALID_FROM"
  OR target."_VALID_TO" IS DISTINCT FROM wanted."_VALID_TO" OR target."_IS_CURRENT" IS DISTINCT FROM wanted."_IS_CURRENT") THEN UPDATE SET
  "_VALID_FROM" = wanted."_VALID_FROM", "_VALID_TO" = wanted."_VALID_TO", "_IS_CURRENT" = wanted."_IS_CURRENT"
WHEN NOT MATCHED THEN INSERT (
  "_ACCOUNT", "ID", "NOTE", "_RUN", "_PAGE", "_LOADED_AT", "_HASH", "_CURSOR", "_VALID_FROM", "_VALID_TO", "_IS_CURRENT")
VALUES (
  wanted."_ACCOUNT", wanted."ID", wanted."NOTE", $run, wanted."_PAGE", $loaded_at::TIMESTAMP_TZ(6), wanted."_HASH", wanted."_CURSOR", wanted."_VALID_FROM", wanted."_VALID_TO", wanted."_IS_CURRENT");

-- retire
-- Intervals that others have become.
MERGE INTO "SALES"."SEEN" AS target
USING (
  SELECT held."_ACCOUNT", held."ID", held."_PAGE", held."_CURSOR"
  FROM "SALES"."SEEN" AS held
  JOIN "ANALYTICS"."_ETL_KEYS" AS touched ON (held."_ACCOUNT" = touched."_ACCOUNT" AND held."ID" = touched."ID")
  LEFT JOIN "ANALYTICS"."_ETL_INTERVALS" AS wanted ON (wanted."_ACCOUNT" = held."_ACCOUNT" AND wanted."ID" = held."ID" AND wanted."_PAGE" = held."_PAGE" AND COALESCE(wanted."_CURSOR", '') = COALESCE(held."_CURSOR", ''))
  WHERE wanted."_PAGE" IS NULL
) AS gone
ON (target."_ACCOUNT" = gone."_ACCOUNT" AND target."ID" = gone."ID" AND target."_PAGE" = gone."_PAGE" AND COALESCE(target."_CURSOR", '') = COALESCE(gone."_CURSOR", ''))
WHEN MATCHED THEN DELETE;

-- prune
-- What a page says of a record and is known already, in the same version: it was read again. Rows and markers go together, since a
-- marker alone would say that the record has no rows.
MERGE INTO "SALES"."_ETL_VERSIONS_SEEN" AS known
USING (
  SELECT "_ACCOUNT", "_RECORD", "_PAGE", "_CURSOR" FROM (
    SELECT "_ACCOUNT", "_RECORD", "_PAGE", "_CURSOR", FALSE AS "_IS_TELLING" FROM "ANALYTICS"."_ETL_BATCH"
    UNION ALL
    SELECT "_ACCOUNT", "_RECORD", "_PAGE", "_CURSOR", TRUE FROM "ANALYTICS"."_ETL_EVENTS"
    WHERE "_HASH" <> "_HASH_BEFORE" OR COALESCE("_CURSOR", '') <> COALESCE("_CURSOR_BEFORE", '')
    UNION ALL
    SELECT mark."_ACCOUNT", mark."_RECORD", mark."_PAGE", mark."_CURSOR", earlier."_PAGE" IS NULL FROM "ANALYTICS"."_ETL_FILE" AS mark
    LEFT JOIN "SALES"."_ETL_VERSIONS_SEEN" AS earlier
    ON (earlier."_OP" = mark."_OP" AND earlier."_ACCOUNT" = mark."_ACCOUNT" AND earlier."_RECORD" = mark."_RECORD"
      AND COALESCE(earlier."_CURSOR", '') = COALESCE(mark."_CURSOR", '') AND earlier."_PAGE" < mark."_PAGE")
    WHERE mark."_OP" IN ('complete', 'delete')) AS said
  GROUP BY "_ACCOUNT", "_RECORD", "_PAGE", "_CURSOR" HAVING NOT BOOLOR_AGG("_IS_TELLING")
) AS again
ON (known."_ACCOUNT" = again."_ACCOUNT" AND known."_RECORD" = again."_RECORD" AND known."_PAGE" = again."_PAGE"
  AND COALESCE(known."_CURSOR", '') = COALESCE(again."_CURSOR", ''))
WHEN MATCHED THEN DELETE;

-- record
INSERT INTO "ANALYTICS"."_ETL_LOADS"
  (unit, mapping, run, first_page, last_page, staged, inserted, updated, unchanged, superseded, deleted, loaded_at)
SELECT $unit, 'seen', $run, $first_page::NUMBER(38,0), $last_page::NUMBER(38,0), $staged::NUMBER(38,0), $inserted::NUMBER(38,0),
  $updated::NUMBER(38,0), $unchanged::NUMBER(38,0), $superseded::NUMBER(38,0), $deleted::NUMBER(38,0), $loaded_at::TIMESTAMP_TZ(6);

-- complete
-- For readers: up to which value of the stream's cursor all is here but for what is blocked; NULL where nobody knows.
MERGE INTO "ANALYTICS"."_ETL_COMPLETENESS" AS target
USING (SELECT 'seen' AS mapping, $complete_until::VARCHAR AS complete_until,
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
DROP TABLE IF EXISTS "ANALYTICS"."_ETL_KEYS";

-- clean
DROP TABLE IF EXISTS "ANALYTICS"."_ETL_EVENTS";

-- clean
DROP TABLE IF EXISTS "ANALYTICS"."_ETL_INTERVALS";
