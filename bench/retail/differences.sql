-- The tables against the file itself, row by row: EXCEPT ALL keeps rows that are equal in everything apart.
WITH file AS (
  SELECT
    InvoiceNo AS invoice_no, StockCode AS stock_code, nullif(Description, '') AS description,
    Quantity::HUGEINT AS quantity, UnitPrice::DECIMAL(18,3) AS unit_price,
    (InvoiceDate || '+00')::TIMESTAMP WITH TIME ZONE AS invoice_date,
    nullif(replace(CustomerID, '.0', ''), '') AS customer_id, Country AS country
  FROM read_csv($file, header = true, all_varchar = true, auto_detect = false, delim = ',', quote = '"', escape = '"',
    columns = {
      'InvoiceNo': 'VARCHAR', 'StockCode': 'VARCHAR', 'Description': 'VARCHAR', 'Quantity': 'VARCHAR',
      'InvoiceDate': 'VARCHAR', 'UnitPrice': 'VARCHAR', 'CustomerID': 'VARCHAR', 'Country': 'VARCHAR'
    })
),
loaded AS (
  SELECT
    invoice_no, stock_code, description, quantity, unit_price, invoice_date, customer_id, country
  FROM retail.invoice_lines
  JOIN retail.invoices USING (invoice_no)
),
seen AS (
  SELECT 'invoice' AS what, invoice_no AS id, max(invoice_date) AS updated_at FROM file GROUP BY ALL
  UNION ALL
  SELECT 'customer', customer_id, max(invoice_date) FROM file WHERE customer_id IS NOT NULL GROUP BY ALL
  UNION ALL
  SELECT 'product', stock_code, max(invoice_date) FROM file GROUP BY ALL
),
known AS (
  SELECT 'invoice' AS what, invoice_no AS id, updated_at FROM retail.invoices
  UNION ALL
  SELECT 'customer', customer_id, updated_at FROM retail.customers
  UNION ALL
  SELECT 'product', stock_code, updated_at FROM retail.products
)
SELECT
  (SELECT count(*) FROM (FROM file EXCEPT ALL FROM loaded))::INTEGER AS missing_lines,
  (SELECT count(*) FROM (FROM loaded EXCEPT ALL FROM file))::INTEGER AS surplus_lines,
  (SELECT count(*) FROM (FROM seen EXCEPT ALL FROM known))::INTEGER AS missing_or_stale,
  (SELECT count(*) FROM (FROM known EXCEPT ALL FROM seen))::INTEGER AS surplus_or_stale,
  (SELECT count(*) FROM (
    SELECT invoice_no FROM retail.invoice_lines GROUP BY invoice_no HAVING max(line_index) + 1 <> count(*)
  ))::INTEGER AS gaps_in_index
