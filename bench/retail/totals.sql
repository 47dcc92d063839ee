SELECT
  (SELECT count(*) FROM retail.invoices)::INTEGER AS invoices,
  (SELECT count(*) FROM retail.invoice_lines)::INTEGER AS lines,
  (SELECT count(*) FROM retail.customers)::INTEGER AS customers,
  (SELECT count(*) FROM retail.products)::INTEGER AS products,
  -- As decimals: a sum of doubles would depend on the order of rows.
  (SELECT sum(quantity::DECIMAL(18,0) * unit_price) FROM retail.invoice_lines)::VARCHAR AS control_sum
