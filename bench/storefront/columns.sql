SELECT column_name, data_type
FROM information_schema.columns
WHERE table_name = 'orders' AND NOT starts_with(column_name, '_')
ORDER BY column_name
