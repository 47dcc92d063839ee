import { warehouseAppendContract } from '../contracts/warehouse-append-contract.ts';
import { warehouseAuditContract } from '../contracts/warehouse-audit-contract.ts';
import { warehouseContract } from '../contracts/warehouse-contract.ts';
import { warehouseHistoryContract } from '../contracts/warehouse-history-contract.ts';
import { warehousePruneContract } from '../contracts/warehouse-prune-contract.ts';
import { warehouseVersionsContract } from '../contracts/warehouse-versions-contract.ts';
import { notLive, snowflakeLive } from '../support/snowflake-under-test.ts';

/** The same cases as on the stand-in, on a real account: `npm run test:snowflake-live`. */
const why = notLive(process.env);

if (why === undefined) {
  const open = snowflakeLive(process.env);
  warehouseContract('Snowflake, live', open);
  warehouseAuditContract('Snowflake, live', open);
  warehouseAppendContract('Snowflake, live', open, 2);
  warehouseHistoryContract('Snowflake, live', open, 2);
  warehousePruneContract('Snowflake, live', open);
  warehouseVersionsContract('Snowflake, live', open, 2);
} else {
  console.error(`SKIPPED: ${why}. docs/snowflake.md says which.`);
  it.skip(`runs on a live account: ${why}`, () => {});
}
