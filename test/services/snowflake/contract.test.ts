import { warehouseAppendContract } from '../../contracts/warehouse-append-contract.ts';
import { warehouseAuditContract } from '../../contracts/warehouse-audit-contract.ts';
import { warehouseContract } from '../../contracts/warehouse-contract.ts';
import { warehouseForgetContract } from '../../contracts/warehouse-forget-contract.ts';
import { warehouseHistoryContract } from '../../contracts/warehouse-history-contract.ts';
import { warehouseParityContract } from '../../contracts/warehouse-parity-contract.ts';
import { warehousePruneContract } from '../../contracts/warehouse-prune-contract.ts';
import { warehouseRenamesContract } from '../../contracts/warehouse-renames-contract.ts';
import { warehouseVersionsContract } from '../../contracts/warehouse-versions-contract.ts';
import { snowflakeUnderTest } from '../../support/snowflake-under-test.ts';

warehouseContract('Snowflake', snowflakeUnderTest);

warehouseRenamesContract('Snowflake', snowflakeUnderTest);
warehouseVersionsContract('Snowflake', snowflakeUnderTest, 5);
warehouseAuditContract('Snowflake', snowflakeUnderTest);
warehousePruneContract('Snowflake', snowflakeUnderTest);
warehouseParityContract('Snowflake', snowflakeUnderTest);
warehouseAppendContract('Snowflake', snowflakeUnderTest, 3);
warehouseHistoryContract('Snowflake', snowflakeUnderTest, 3);
warehouseForgetContract('Snowflake', snowflakeUnderTest);
