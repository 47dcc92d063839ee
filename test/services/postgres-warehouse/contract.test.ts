import { warehouseAppendContract } from '../../contracts/warehouse-append-contract.ts';
import { warehouseAuditContract } from '../../contracts/warehouse-audit-contract.ts';
import { warehouseContract } from '../../contracts/warehouse-contract.ts';
import { warehouseForgetContract } from '../../contracts/warehouse-forget-contract.ts';
import { warehouseHistoryContract } from '../../contracts/warehouse-history-contract.ts';
import { warehouseParityContract } from '../../contracts/warehouse-parity-contract.ts';
import { warehousePruneContract } from '../../contracts/warehouse-prune-contract.ts';
import { warehouseRenamesContract } from '../../contracts/warehouse-renames-contract.ts';
import { warehouseVersionsContract } from '../../contracts/warehouse-versions-contract.ts';
import { sharedPostgres } from '../../support/postgres.ts';
import { postgresUnderTest } from '../../support/warehouses.ts';

describe('PostgreSQL as a warehouse', () => {
  let url: string;

  before(async function () {
    url = await sharedPostgres(this);
  });

  const open = () => postgresUnderTest(url)();
  warehouseContract('PostgreSQL', open);
  warehouseRenamesContract('PostgreSQL', open);
  warehouseAuditContract('PostgreSQL', open);
  warehousePruneContract('PostgreSQL', open);
  warehouseParityContract('PostgreSQL', open);
  warehouseVersionsContract('PostgreSQL', open, 10);
  warehouseAppendContract('PostgreSQL', open, 10);
  warehouseHistoryContract('PostgreSQL', open, 6);
  warehouseForgetContract('PostgreSQL', open);
});
