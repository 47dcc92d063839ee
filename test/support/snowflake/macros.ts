/** What the translated statements call inside DuckDB: readings that give NULL where Snowflake would complain, and texts of values. */
const number = "'[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)?'";
const day = '[0-9]{4}-[0-9]{2}-[0-9]{2}';
const clock = '([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]{1,6})?)?';
const offset = ' ?(Z|[+-][0-9]{2}:?[0-9]{2})';

export const macros: readonly string[] = [
  `sf_is_number(x) AS regexp_full_match(trim(x, ' '), ${number})`,
  `sf_read_float(x) AS CASE WHEN sf_is_number(x) OR lower(x) IN ('nan', 'inf', '+inf', '-inf', 'infinity', '-infinity')
    THEN TRY_CAST(ltrim(x, '+') AS DOUBLE) END`,
  `sf_read_boolean(x) AS CASE WHEN lower(trim(x, ' ')) IN ('true', 't', 'yes', 'y', 'on', '1') THEN true
    WHEN lower(trim(x, ' ')) IN ('false', 'f', 'no', 'n', 'off', '0') THEN false END`,
  `sf_read_date(x) AS CASE WHEN regexp_full_match(x, '${day}') THEN TRY_CAST(x AS DATE) END`,
  `sf_read_time(x) AS CASE WHEN regexp_full_match(x, '${clock}') THEN
    TRY_CAST(CASE WHEN strlen(x) = 5 THEN x || ':00' ELSE x END AS TIME) END`,
  `sf_read_ntz(x) AS CASE WHEN regexp_full_match(x, '${day}([ T]${clock})?') THEN TRY_CAST(x AS TIMESTAMP) END`,
  `sf_zone(x) AS CASE WHEN x LIKE '%Z' THEN '+0000' ELSE right(replace(right(x, 6), ':', ''), 5) END`,
  `sf_offset(zone) AS CASE WHEN zone LIKE '-%' THEN -1 ELSE 1 END
    * (CAST(substr(zone, 2, 2) AS INTEGER) * 60 + CAST(substr(zone, 4, 2) AS INTEGER))`,
  `sf_wall(x) AS TRY_CAST(CASE WHEN x LIKE '%Z' THEN rtrim(left(x, strlen(x) - 1), ' ')
    WHEN x LIKE '%+__:__' OR x LIKE '%-__:__' THEN rtrim(left(x, strlen(x) - 6), ' ')
    ELSE rtrim(left(x, strlen(x) - 5), ' ') END AS TIMESTAMP)`,
  `sf_instant(wall, o) AS CASE WHEN wall IS NOT NULL THEN struct_pack(t := wall - to_minutes(o), o := o) END`,
  `sf_read_tz(x) AS CASE WHEN regexp_full_match(x, '${day}[ T]${clock}${offset}')
    THEN sf_instant(sf_wall(x), sf_offset(sf_zone(x))) END`,
  `sf_read_hex(x) AS CASE WHEN regexp_full_match(x, '([0-9a-fA-F]{2})*') THEN unhex(x) END`,
  `sf_read_base64(x) AS CASE WHEN regexp_full_match(x, '([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?')
    THEN from_base64(x) END`,
  // What is read is written once: DuckDB would work it out as often as it stands there.
  `sf_or(parsed, x, message) AS coalesce(parsed,
    CASE WHEN x IS NOT NULL THEN error(replace(message, '{}', CAST(x AS VARCHAR))) END)`,
  `sf_float_text(x) AS CASE WHEN isnan(x) THEN 'NaN' ELSE regexp_replace(CAST(x AS VARCHAR), '[.]0$', '') END`,
  `sf_micros(us) AS CASE WHEN us < 0 THEN '-' ELSE '' END || CAST(abs(us) // 1000000 AS VARCHAR) || '.'
    || lpad(CAST(abs(us) % 1000000 AS VARCHAR), 6, '0')`,
  `sf_offset_text(o) AS CASE WHEN o < 0 THEN '-' ELSE '+' END || lpad(CAST(abs(o) // 60 AS VARCHAR), 2, '0')
    || lpad(CAST(abs(o) % 60 AS VARCHAR), 2, '0')`,
  `sf_variant_text(v) AS CASE WHEN v = 'null' THEN NULL WHEN v LIKE '"%' THEN json_extract_string(v, '$') ELSE v END`,
  `sf_json(x) AS coalesce(sf_canonical(x),
    CASE WHEN x IS NOT NULL THEN error('[100069/22P02] Error parsing JSON: ' || sf_why_not(x)) END)`,
  // In Snowflake's arrays NULL is undefined, which TO_JSON writes as no JSON.
  `sf_defined(x) AS CASE WHEN x IS NULL THEN error('[001003/42000] the stand-in does not take NULL in an array') ELSE x END`,
  `sf_try_json(x) AS sf_canonical(x)`,
  `sf_text_up_to(x, n) AS CASE WHEN length(x) > n OR strlen(x) > 16777216
    THEN error('[100078/22000] String ''' || left(x, 40) || ''' is too long and would be truncated') ELSE x END`,
  `sf_variant_up_to(x) AS CASE WHEN strlen(x) > 16777216
    THEN error('[100082/22000] Max LOB size (16777216) exceeded, actual size of parsed column is ' || strlen(x)) ELSE x END`,
  `sf_binary_up_to(x, n) AS CASE WHEN octet_length(x) > n
    THEN error('[100145/22000] Binary value is too long and would be truncated: ' || octet_length(x)) ELSE x END`,
];
