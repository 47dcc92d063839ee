SELECT count(*) AS records, count(DISTINCT order_id) AS ids, sum(number) AS numbers
FROM parse.orders
