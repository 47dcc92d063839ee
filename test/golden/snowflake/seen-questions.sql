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

-- open
CREATE OR REPLACE TEMPORARY TABLE "ANALYTICS"."_ETL_HISTORY" (
  "_ACCOUNT" VARCHAR,
  "ID" NUMBER(38,0),
  "_RECORD" VARCHAR,
  "_OP" VARCHAR,
  "_CURSOR" VARCHAR,
  "_PAGE" NUMBER(38,0),
  "_ORDINAL" NUMBER(38,0),
  "_INDEX" NUMBER(38,0),
  "_HASH" VARCHAR,
  "_SEEN_AT" TIMESTAMP_TZ(6)
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
  FROM "ANALYTICS"."_ETL_FILE" WHERE "_OP" IS NULL
  GROUP BY "_ACCOUNT", "ID") AS counted;

-- batch
INSERT INTO "ANALYTICS"."_ETL_BATCH" SELECT * FROM "ANALYTICS"."_ETL_FILE" WHERE "_OP" IS NULL;

-- newest
-- The newest version of a row wins: by cursor, then by page order.
INSERT INTO "ANALYTICS"."_ETL_BATCH" SELECT * FROM "ANALYTICS"."_ETL_FILE" WHERE "_OP" IS NULL
QUALIFY ROW_NUMBER() OVER (
  PARTITION BY "_ACCOUNT", "ID"
  ORDER BY "_CURSOR" DESC NULLS LAST, "_PAGE" DESC NULLS LAST, "_ORDINAL" DESC NULLS LAST, "_INDEX" DESC NULLS LAST) = 1;

-- count
SELECT COUNT(*) AS "ROWS" FROM "SALES"."SEEN"
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
      TO_JSON(ARRAY_CONSTRUCT(COALESCE(batch."_ACCOUNT"::VARCHAR::VARIANT, target."_ACCOUNT"::VARCHAR::VARIANT, PARSE_JSON('null')), COALESCE(batch."ID"::VARCHAR::VARIANT, target."ID"::VARCHAR::VARIANT, PARSE_JSON('null')), COALESCE(batch."_CURSOR"::VARCHAR::VARIANT, target."_CURSOR"::VARCHAR::VARIANT, PARSE_JSON('null')), COALESCE(batch."_PAGE"::VARCHAR::VARIANT, target."_PAGE"::VARCHAR::VARIANT, PARSE_JSON('null')))) AS row_key,
      '' || CASE WHEN target."NOTE" IS DISTINCT FROM batch."NOTE" THEN 'note' || '\n' ELSE '' END || CASE WHEN target."_IS_CURRENT" IS DISTINCT FROM batch."_IS_CURRENT" THEN '_is_current\n' ELSE '' END AS differing,
      COALESCE(batch."_PAGE", target."_PAGE") AS page,
      target."_IN_TABLE" IS NOT NULL AS "_IN_TABLE",
      batch."_PAGE" IS NOT NULL AS in_batch,
      target."_HASH" = batch."_HASH" AS same_hash
    FROM "ANALYTICS"."_ETL_BATCH" AS batch
    FULL OUTER JOIN (SELECT *, TRUE AS "_IN_TABLE" FROM "SALES"."SEEN") AS target
    ON (target."_ACCOUNT" = batch."_ACCOUNT" AND target."ID" = batch."ID" AND target."_PAGE" = batch."_PAGE" AND COALESCE(target."_CURSOR", '') = COALESCE(batch."_CURSOR", ''))
    WHERE COALESCE(batch."_PAGE", target."_PAGE") BETWEEN $first_page::NUMBER(38,0) AND $last_page::NUMBER(38,0)) AS paired
  WHERE NOT ("_IN_TABLE" AND in_batch AND differing = '')) AS judged
WHERE kind <> 'same'
UNION ALL
SELECT 'doubled', TO_JSON(ARRAY_CONSTRUCT(COALESCE("_ACCOUNT"::VARCHAR::VARIANT, PARSE_JSON('null')), COALESCE("ID"::VARCHAR::VARIANT, PARSE_JSON('null')), COALESCE("_CURSOR"::VARCHAR::VARIANT, PARSE_JSON('null')), COALESCE("_PAGE"::VARCHAR::VARIANT, PARSE_JSON('null')))), '', MAX("_PAGE"), COUNT(*) - 1
FROM "SALES"."SEEN"
GROUP BY "_ACCOUNT", "ID", "_CURSOR", "_PAGE" HAVING COUNT(*) > 1 AND MAX("_PAGE") BETWEEN $first_page::NUMBER(38,0) AND $last_page::NUMBER(38,0);

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
    FULL OUTER JOIN (SELECT *, TRUE AS "_IN_TABLE" FROM "SALES"."SEEN" WHERE "_IS_CURRENT") AS target
    ON (target."_ACCOUNT" = batch."_ACCOUNT" AND target."ID" = batch."ID")
    WHERE COALESCE(batch."_PAGE", target."_PAGE") BETWEEN $first_page::NUMBER(38,0) AND $last_page::NUMBER(38,0)
      -- A listing is of one account.
      AND ($account::VARCHAR IS NULL OR COALESCE(batch."_ACCOUNT", target."_ACCOUNT") = $account::VARCHAR)) AS paired
  WHERE NOT ("_IN_TABLE" AND in_batch AND differing = '')) AS judged
WHERE kind <> 'same'
UNION ALL
SELECT 'doubled', TO_JSON(ARRAY_CONSTRUCT(COALESCE("_ACCOUNT"::VARCHAR::VARIANT, PARSE_JSON('null')), COALESCE("ID"::VARCHAR::VARIANT, PARSE_JSON('null')), COALESCE("_CURSOR"::VARCHAR::VARIANT, PARSE_JSON('null')), COALESCE("_PAGE"::VARCHAR::VARIANT, PARSE_JSON('null')))), '', MAX("_PAGE"), COUNT(*) - 1
FROM "SALES"."SEEN"
WHERE $account::VARCHAR IS NULL OR "_ACCOUNT" = $account::VARCHAR
GROUP BY "_ACCOUNT", "ID", "_CURSOR", "_PAGE" HAVING COUNT(*) > 1 AND MAX("_PAGE") BETWEEN $first_page::NUMBER(38,0) AND $last_page::NUMBER(38,0);

-- counted
SELECT kind, SUM(counted) AS "ROWS" FROM "ANALYTICS"."_ETL_DIFFERENCES" GROUP BY kind;

-- examples
SELECT kind, row_key, differing AS columns, page FROM "ANALYTICS"."_ETL_DIFFERENCES"
QUALIFY ROW_NUMBER() OVER (PARTITION BY kind ORDER BY row_key) <= 5
ORDER BY kind, row_key;

-- loaded
SELECT unit, run, first_page, last_page, staged, inserted, updated, unchanged, superseded,
  TO_VARCHAR(loaded_at, 'YYYY-MM-DD"T"HH24:MI:SS.FF3"Z"') AS loaded_at
FROM "ANALYTICS"."_ETL_LOADS" WHERE mapping = 'seen' ORDER BY first_page, unit;

-- versions
-- The newest version of a row wins: by cursor, then by page order.
INSERT INTO "ANALYTICS"."_ETL_BATCH" SELECT * FROM "ANALYTICS"."_ETL_FILE" WHERE "_OP" IS NULL
QUALIFY ROW_NUMBER() OVER (
  PARTITION BY "_ACCOUNT", "ID", "_CURSOR", "_PAGE"
  ORDER BY "_CURSOR" DESC NULLS LAST, "_PAGE" DESC NULLS LAST, "_ORDINAL" DESC NULLS LAST, "_INDEX" DESC NULLS LAST) = 1;

-- versions
-- All versions that are staged, as the warehouse has them beside the table; it alone knows when each was seen.
INSERT INTO "ANALYTICS"."_ETL_HISTORY" ("_ACCOUNT", "ID", "_RECORD", "_OP", "_CURSOR", "_PAGE", "_ORDINAL", "_INDEX", "_HASH")
SELECT "_ACCOUNT", "ID", "_RECORD", "_OP", "_CURSOR", "_PAGE", "_ORDINAL", "_INDEX", "_HASH" FROM "ANALYTICS"."_ETL_BATCH"
UNION ALL
SELECT "_ACCOUNT", "ID", "_RECORD", "_OP", "_CURSOR", "_PAGE", "_ORDINAL", "_INDEX", "_HASH" FROM "ANALYTICS"."_ETL_FILE"
WHERE "_OP" IN ('complete', 'delete');

-- touched
-- Rows whose intervals may be other ones now: those of the file, those that its pages had before, and those of records it speaks of.
INSERT INTO "ANALYTICS"."_ETL_KEYS" ("_ACCOUNT", "ID")
SELECT DISTINCT "_ACCOUNT", "ID" FROM (
  SELECT "_ACCOUNT", "ID" FROM "ANALYTICS"."_ETL_BATCH"
) AS found;

-- events
-- What became of each row, one after another: a version of it, or that its record no longer has it (with an empty hash).
INSERT INTO "ANALYTICS"."_ETL_EVENTS" (
  "_ACCOUNT", "ID", "_RECORD", "_CURSOR", "_PAGE", "_HASH", "_PLACE", "_HASH_BEFORE", "_CURSOR_BEFORE", "_BEGINS_AT")
WITH own AS (
  SELECT known.* FROM "ANALYTICS"."_ETL_HISTORY" AS known
  JOIN "ANALYTICS"."_ETL_KEYS" AS touched ON (known."_ACCOUNT" = touched."_ACCOUNT" AND known."ID" = touched."ID")
  WHERE known."_OP" IS NULL
), told AS (
  SELECT "_ACCOUNT", "ID", "_RECORD", "_CURSOR", "_PAGE", "_ORDINAL", "_INDEX", "_HASH", "_SEEN_AT" FROM own
  UNION ALL
  SELECT held."_ACCOUNT", held."ID", mark."_RECORD", mark."_CURSOR", mark."_PAGE", mark."_ORDINAL", NULL, '', mark."_SEEN_AT"
  FROM (SELECT DISTINCT "_ACCOUNT", "ID", "_RECORD" FROM own) AS held
  JOIN "ANALYTICS"."_ETL_HISTORY" AS mark
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

-- current
-- Of the versions, those that begin an interval.
CREATE OR REPLACE TEMPORARY TABLE "ANALYTICS"."_ETL_BATCH" AS
SELECT line.*, wanted."_VALID_FROM", wanted."_VALID_TO", wanted."_IS_CURRENT"
FROM "ANALYTICS"."_ETL_BATCH" AS line
JOIN "ANALYTICS"."_ETL_INTERVALS" AS wanted ON (line."_ACCOUNT" = wanted."_ACCOUNT" AND line."ID" = wanted."ID" AND line."_PAGE" = wanted."_PAGE" AND COALESCE(line."_CURSOR", '') = COALESCE(wanted."_CURSOR", ''));

-- older_rows
-- Versions that are left out, since their record is known in a newer one, or in this one.
SELECT (SELECT COUNT(*) FROM "ANALYTICS"."_ETL_FILE" WHERE "_OP" IS NULL) - COUNT(*) AS superseded FROM "ANALYTICS"."_ETL_BATCH";

-- forget
-- Rows of one person, by key: each parameter is a list with one column of all keys.
DELETE FROM "SALES"."SEEN" AS target
USING (
  SELECT
    wanted.k0::VARCHAR AS "_ACCOUNT",
    wanted.k1::NUMBER(38,0) AS "ID"
  FROM (VALUES ($k0, $k1)) AS wanted (k0, k1)
) AS gone
WHERE target."_ACCOUNT" = gone."_ACCOUNT" AND target."ID" = gone."ID";
