const taking =
  /\bDROP\s+(?:TABLE|VIEW|SCHEMA|DATABASE|COLUMN)\b|\bTRUNCATE\b|\bDELETE\s+FROM\b|\bOR\s+REPLACE\s+TABLE\b/i;
const ours = /"?_etl_\w*"?\s*(?:;|$)/i;

/** Whether a statement of DDL takes something away for good. Tables of Sluice's own can be made again. */
export const isDestructive = (statement: string): boolean =>
  taking.test(statement.replace(/'[^']*'/g, "''")) && !ours.test(statement.trim());
