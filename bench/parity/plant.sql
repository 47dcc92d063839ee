-- missing 100
DELETE FROM orders WHERE id = 100;
---
-- extra -1
INSERT INTO orders SELECT * REPLACE (-1 AS id) FROM orders WHERE id = 101;
---
-- changed 102 total
UPDATE orders SET total = total + 0.0001 WHERE id = 102;
---
-- changed 105 note
UPDATE orders SET note = '' WHERE id = 105;
---
-- changed 106 note
UPDATE orders SET note = '1.00' WHERE id = 106;
---
-- changed 108 note
UPDATE orders SET note = 'order' WHERE id = 108;
---
-- changed 110 note
UPDATE orders SET note = 'NULL' WHERE id = 110;
---
-- changed 117 note,city
UPDATE orders SET note = 'a', city = 'b|' || city WHERE id = 117;
---
-- changed 120 placed
UPDATE orders SET placed = placed - INTERVAL 2 HOURS WHERE id = 120;
---
-- changed 121 share
UPDATE orders SET share = share + 0.00000000000001 WHERE id = 121;
---
-- changed 122 day
UPDATE orders SET day = day + 1 WHERE id = 122;
---
-- changed 123 paid
UPDATE orders SET paid = NOT paid WHERE id = 123;
---
-- changed 124 tags
UPDATE orders SET tags = '{"n": 124, "of": ["x", 1.5]}' WHERE id = 124;
---
-- type total
ALTER TABLE orders ALTER COLUMN total TYPE DECIMAL(20,4);
---
-- nullability total
ALTER TABLE orders ALTER COLUMN total SET NOT NULL;
