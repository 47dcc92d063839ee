-- Sum and exclusive or do not depend on the order of rows.
SELECT count(*)::VARCHAR AS row_count, sum(digest)::VARCHAR AS digest_sum, bit_xor(digest)::VARCHAR AS digest_xor
FROM (
  SELECT hash(
    order_id, order_name, created_at, updated_at, currency, subtotal_price, total_tax, total_discounts, total_price,
    item_count, taxes_included, financial_status, fulfillment_status, note, customer_id, customer_email,
    customer_city, customer_country
  )::HUGEINT AS digest
  FROM orders
)
