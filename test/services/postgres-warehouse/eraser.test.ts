import { expect } from 'chai';
import { eraseStatement } from '../../../engine/compile/forget-sql.ts';
import type { StagedValue } from '../../../engine/model/batch.ts';
import { ExplainedError } from '../../../engine/model/errors.ts';
import type { EraseStatement, WarehouseEraser } from '../../../engine/model/forget.ts';
import { systemClock } from '../../../engine/services/clock.ts';
import { postgresEraser } from '../../../engine/services/postgres-warehouse/postgres-eraser.ts';
import { type Bench, bench, named, row, types } from '../../contracts/warehouse-bench.ts';
import { queryPostgres, sharedPostgres } from '../../support/postgres.ts';
import { statementsOf } from '../../support/warehouse-statements.ts';
import { postgresUnderTest } from '../../support/warehouses.ts';

const name = 'zephyrine-quillfeather';

describe('persons in the PostgreSQL warehouse', function () {
  this.timeout(60_000);
  let url: string;
  let own: Bench;
  let eraser: WarehouseEraser;

  before(async function () {
    url = await sharedPostgres(this);
  });

  beforeEach(async () => {
    own = await bench(postgresUnderTest(url));
    eraser = postgresEraser({ url, statements: statementsOf(own.under.settings), clock: systemClock });
  });

  afterEach(() => eraser.close());

  /** A statement that deletes rows by some columns of the table. */
  const statement = (
    columns: readonly string[],
    rows: readonly (readonly StagedValue[])[],
  ): EraseStatement => {
    const mapping = own.plan.mappings['all'];
    if (mapping === undefined) throw new Error('there is a mapping `all`');
    return eraseStatement(own.project, mapping, columns, rows);
  };

  const idsLeft = async (): Promise<readonly string[]> => {
    const { columns, rows } = await own.table();
    return rows.map((one) => one[columns.indexOf('id')] ?? '');
  };

  it('are deleted by keys of every type, and nobody else is', async () => {
    const values: readonly StagedValue[] = [
      'a, "q" {}\\N',
      '12',
      '1.5000000000',
      0.1,
      1,
      '2026-02-28',
      '23:59:59.999999',
      '2026-01-31T08:15:00.000001Z',
      '2026-01-31T08:15:00.000001',
      '{"b":1,"a":[2]}',
      'AAEC/w==',
    ];
    await own.load('1-1', [row('a', values), row('b', named('other'))]);
    for (const [at] of types.entries()) {
      const key = ['_account', 'id', `c${at}`];
      const others = [
        ['other', 'a', values[at] ?? null],
        ['default', 'b', values[at] ?? null],
        ['default', 'a', null],
      ];
      expect(await eraser.erase([statement(key, others)]), types[at]).to.equal(0);
    }
    const all = types.map((_, at) => `c${at}`);
    expect(await eraser.erase([statement(all, [values])])).to.equal(1);
    expect(await eraser.erase([statement(all, [values])])).to.equal(0);
    expect(await idsLeft()).to.deep.equal(['b']);
  });

  it('have no rows where there is no table, and are all there when one statement fails', async () => {
    await own.load('1-1', [row('a', named(name))]);
    const good = statement(['c0'], [[name]]);
    expect(await eraser.erase([{ ...good, table: 'nothing' }])).to.equal(0);
    const bad = { ...good, sql: 'DELETE FROM nonsense' };
    const failure = await eraser.erase([good, bad]).catch((error: unknown) => error);
    expect(failure).to.be.instanceOf(ExplainedError).with.nested.property('diagnostic.code', 'ETL0720');
    expect(await idsLeft()).to.deep.equal(['a']);
  });

  it('leave no bytes in the files of their table, also when an earlier attempt has ended between the two', async () => {
    await own.load('1-1', [row('a', named(name)), row(name, named('x')), row('b', named('y'))]);
    const inFiles = async (): Promise<number> => {
      await queryPostgres(url, 'CHECKPOINT');
      const [found] = await queryPostgres<{ found: number }>(
        url,
        `WITH files AS MATERIALIZED (
           SELECT pg_relation_filepath(one.oid) AS file FROM pg_class AS one
           JOIN pg_namespace AS space ON (space.oid = one.relnamespace)
           WHERE space.nspname = '${own.under.schema}' AND one.relkind IN ('r', 'i'))
         SELECT count(*)::int AS found FROM files WHERE position('${name}'::bytea IN pg_read_binary_file(file)) > 0`,
      );
      return found?.found ?? -1;
    };
    expect(await inFiles()).to.equal(2);
    const statements = [statement(['c0'], [[name]]), statement(['id'], [[name]])];
    expect(await eraser.erase(statements)).to.equal(2);
    const again = postgresEraser({ url, statements: statementsOf(own.under.settings), clock: systemClock });
    expect(await again.erase(statements)).to.equal(0);
    await again.rewrite();
    await again.close();
    expect(await inFiles()).to.equal(0);
    expect(await idsLeft()).to.deep.equal(['b']);
  });
});
