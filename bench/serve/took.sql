-- From a record's cursor until it was loaded, of those that came after a time.
WITH took AS (
  SELECT date_diff('millisecond', updated_at, _loaded_at) / 1000.0 AS seconds
  FROM main.orders WHERE updated_at >= $since::TIMESTAMPTZ
)
SELECT
  count(*)::INTEGER AS records,
  quantile_cont(seconds, 0.5)::DOUBLE AS p50_s,
  quantile_cont(seconds, 0.95)::DOUBLE AS p95_s,
  quantile_cont(seconds, 0.99)::DOUBLE AS p99_s,
  max(seconds)::DOUBLE AS worst_s
FROM took
