-- tables
-- Types as column definitions write them. Not every account says how exact its times are: then they are taken for ours.
SELECT table_name, column_name,
  CASE
    WHEN data_type = 'TEXT' THEN 'VARCHAR'
    WHEN data_type = 'NUMBER' THEN 'NUMBER(' || numeric_precision || ',' || numeric_scale || ')'
    WHEN data_type IN ('TIME', 'TIMESTAMP_TZ', 'TIMESTAMP_NTZ', 'TIMESTAMP_LTZ') THEN data_type || '(' || COALESCE(datetime_precision, 6) || ')'
    ELSE data_type
  END AS data_type,
  is_nullable = 'YES' AS is_nullable
FROM INFORMATION_SCHEMA.COLUMNS
WHERE table_schema = UPPER($schema) ORDER BY table_name, ordinal_position;

-- units
SELECT unit, mapping, run, first_page, last_page, staged, inserted, updated, unchanged, superseded, deleted,
  TO_VARCHAR(loaded_at, 'YYYY-MM-DD"T"HH24:MI:SS.FF3"Z"') AS loaded_at
FROM "ANALYTICS"."_ETL_LOADS"
WHERE STARTSWITH(unit, $prefix) AND last_page > $after::NUMBER(38,0)
QUALIFY ROW_NUMBER() OVER (ORDER BY last_page DESC, unit) <= $limit::NUMBER(38,0)
ORDER BY last_page DESC, unit;

-- last-loads
-- When each mapping was loaded last: a table that was restored from a backup has less than the ledger has noted.
SELECT mapping, TO_VARCHAR(MAX(loaded_at), 'YYYY-MM-DD"T"HH24:MI:SS.FF3"Z"') AS loaded_at
FROM "ANALYTICS"."_ETL_LOADS" WHERE STARTSWITH(unit, $prefix) AND staged > 0 GROUP BY mapping;
