import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { duckdbWarehouse } from '../../../engine/services/duckdb/duckdb-warehouse.ts';
import { warehouseAppendContract } from '../../contracts/warehouse-append-contract.ts';
import { warehouseAuditContract } from '../../contracts/warehouse-audit-contract.ts';
import { warehouseContract } from '../../contracts/warehouse-contract.ts';
import { warehouseForgetContract } from '../../contracts/warehouse-forget-contract.ts';
import { warehouseHistoryContract } from '../../contracts/warehouse-history-contract.ts';
import { warehouseParityContract } from '../../contracts/warehouse-parity-contract.ts';
import { warehousePruneContract } from '../../contracts/warehouse-prune-contract.ts';
import { warehouseRenamesContract } from '../../contracts/warehouse-renames-contract.ts';
import { warehouseVersionsContract } from '../../contracts/warehouse-versions-contract.ts';
import { projectFolder } from '../../support/cli.ts';
import { root } from '../../support/root.ts';
import { statementsOf } from '../../support/warehouse-statements.ts';
import { duckdbUnderTest } from '../../support/warehouses.ts';

warehouseContract('DuckDB', duckdbUnderTest);

warehouseRenamesContract('DuckDB', duckdbUnderTest);
warehouseAuditContract('DuckDB', duckdbUnderTest);
warehousePruneContract('DuckDB', duckdbUnderTest);
warehouseParityContract('DuckDB', duckdbUnderTest);
warehouseVersionsContract('DuckDB', duckdbUnderTest, 10);
warehouseAppendContract('DuckDB', duckdbUnderTest, 10);
warehouseHistoryContract('DuckDB', duckdbUnderTest, 6);
warehouseForgetContract('DuckDB', duckdbUnderTest);

describe('the file of a DuckDB warehouse', function () {
  this.timeout(20_000);

  const at = (path: string) => duckdbWarehouse({ path, memoryBytes: 1e8, statements: statementsOf() });

  it('says so when another process has the file open', async () => {
    const path = join(projectFolder({}), 'w.duckdb');
    const code = `const {DuckDBInstance}=require('@duckdb/node-api');DuckDBInstance.create(process.argv[1]).then(()=>{console.log('open');setInterval(()=>{},1000)})`;
    const other = spawn(process.execPath, ['-e', code, path], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await new Promise((resolve) => other.stdout.once('data', resolve));
    const failure = await at(path)
      .define([])
      .catch((error) => error.diagnostic);
    other.kill('SIGKILL');
    expect(failure.code).to.equal('ETL0703');
  });

  it('knows no tables of a file that does not exist, and does not make it', async () => {
    const path = join(projectFolder({}), 'none.duckdb');
    expect(await at(path).tables([{ schema: 'main', table: 't' }])).to.deep.equal([]);
    expect(existsSync(path)).to.equal(false);
  });

  it('explains a file that is no database', async () => {
    const folder = projectFolder({
      'w.duckdb': 'this is a text and no database at all, whatever its name says',
    });
    const failure = await at(join(folder, 'w.duckdb'))
      .define([])
      .catch((error) => error.diagnostic);
    expect(failure.code).to.equal('ETL0704');
  });
});
