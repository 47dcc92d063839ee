import { expect } from 'chai';
import { eraseStatement } from '../../../engine/compile/forget-sql.ts';
import type { StagedValue } from '../../../engine/model/batch.ts';
import type { MappingPlan } from '../../../engine/model/plan.ts';
import { snowflakeEraser } from '../../../engine/services/snowflake-warehouse/snowflake-eraser.ts';
import { type Bench, bench, define, row } from './bench.ts';

const types = ['integer', 'double', 'boolean', 'date', 'timestamp', 'decimal(18,2)', 'binary'];
const values: readonly (readonly StagedValue[])[] = [
  ['12345678901234567890', 0.1, 1, '2024-02-29', '2026-01-31T08:15:00.000001Z', '12.30', 'AAEC/w=='],
  ['7', 0.2, 0, '2024-02-28', '2026-01-31T08:15:00.000002Z', '12.31', 'AA=='],
  ['8', 0.3, 0, '2024-02-27', '2026-01-31T08:15:00.000003Z', '12.32', 'AQ=='],
];
const persons = ["o'ne", 'two', 'three'];

describe('persons in the Snowflake warehouse', function () {
  this.timeout(60_000);
  let one: Bench;
  let mapping: MappingPlan;

  beforeEach(async () => {
    one = await bench({ types });
    await define(one);
    await one.run(
      '1-1',
      persons.map((person, at) => row(person, values[at] ?? [], 1, person)),
    );
    mapping = one.plan.mappings['all'] as MappingPlan;
  });

  const left = async (): Promise<readonly (string | null | undefined)[]> =>
    (await one.warehouse.sample('sales', 'all', 10)).rows.map((cells) => cells[1]);

  it('are deleted by keys of every type, and nobody else is', async () => {
    const columns = ['_account', 'id', ...types.map((_, at) => `c${at}`)];
    const rows = [0, 2].map((at) => ['default', persons[at] ?? '', ...(values[at] ?? [])]);
    const eraser = snowflakeEraser(one.options);
    expect(await eraser.erase([eraseStatement(one.project, mapping, columns, rows)])).to.equal(2);
    expect(await left()).to.deep.equal(['two']);
    await eraser.rewrite();
  });

  it('have no rows where there is no table', async () => {
    const statement = eraseStatement(one.project, { ...mapping, table: 'other' }, ['id'], [['two']]);
    expect(await snowflakeEraser(one.options).erase([statement])).to.equal(0);
  });

  it('are all there when one statement fails', async () => {
    const statements = [
      eraseStatement(one.project, mapping, ['id'], [['two']]),
      eraseStatement(one.project, mapping, ['c0'], [['no number']]),
    ];
    const failure = await snowflakeEraser(one.options)
      .erase(statements)
      .then(
        () => 'none',
        (error: { diagnostic: { code: string } }) => error.diagnostic.code,
      );
    expect(failure).to.equal('ETL0720');
    expect((await left()).length).to.equal(3);
  });
});
