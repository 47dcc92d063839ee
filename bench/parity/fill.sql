-- Orders from a number alone, so that both warehouses get the same ones, in another order.
CREATE TABLE orders (
  _account VARCHAR NOT NULL,
  id HUGEINT,
  note VARCHAR,
  city VARCHAR,
  total DECIMAL(18,4),
  share DOUBLE,
  placed TIMESTAMP WITH TIME ZONE,
  day DATE,
  paid BOOLEAN,
  tags JSON,
  _run VARCHAR NOT NULL,
  _page BIGINT NOT NULL,
  _loaded_at TIMESTAMP WITH TIME ZONE NOT NULL,
  _hash VARCHAR NOT NULL,
  _cursor VARCHAR
);
---
INSERT INTO orders
SELECT 'default', id,
  CASE id % 5 WHEN 0 THEN NULL WHEN 1 THEN '1.0' WHEN 2 THEN 'a|b' WHEN 3 THEN 'Order' ELSE 'note ' || id END,
  CASE id % 3 WHEN 0 THEN 'c' WHEN 1 THEN 'Köln' ELSE 'Lyon' END,
  (id * 7 % 1000003)::DECIMAL(18,4) / 100, id / 7,
  TIMESTAMPTZ '2026-01-01 00:00:00+00' + to_seconds(id), DATE '2026-01-01' + (id % 365)::INTEGER, id % 2 = 0,
  '{"n": ' || id || ', "of": [1.5, "x"]}',
  $run, id // 250, now(), 'h', NULL
FROM (SELECT unnest(range($rows::BIGINT)) AS id)
ORDER BY CASE WHEN $run = 'dev' THEN id ELSE -id END
