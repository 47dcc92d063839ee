MERGE INTO orders AS target
USING (
  SELECT *
  FROM read_csv($files, auto_detect = false, header = false, delim = ',', quote = '"', escape = '"',
    nullstr = '\N', allow_quoted_nulls = false, buffer_size = 16777216,
    columns = {
      'order_id': 'HUGEINT',
      'order_name': 'VARCHAR',
      'created_at': 'TIMESTAMP WITH TIME ZONE',
      'updated_at': 'TIMESTAMP WITH TIME ZONE',
      'currency': 'VARCHAR',
      'subtotal_price': 'DECIMAL(18,2)',
      'total_tax': 'DECIMAL(18,2)',
      'total_discounts': 'DECIMAL(18,2)',
      'total_price': 'DECIMAL(18,2)',
      'item_count': 'HUGEINT',
      'taxes_included': 'BOOLEAN',
      'financial_status': 'VARCHAR',
      'fulfillment_status': 'VARCHAR',
      'note': 'VARCHAR',
      'customer_id': 'HUGEINT',
      'customer_email': 'VARCHAR',
      'customer_city': 'VARCHAR',
      'customer_country': 'VARCHAR'
    })
) AS batch
ON (target.order_id = batch.order_id)
WHEN MATCHED THEN UPDATE
WHEN NOT MATCHED THEN INSERT
