import { expect } from 'chai';
import { versionsTable } from '../../engine/model/columns.ts';
import type { Plan } from '../../engine/model/plan.ts';
import { ownTables } from '../../engine/model/warehouse-home.ts';
import { define, type OpenUnderTest, opened, planned } from './warehouse-bench.ts';

const mapping = (
  schema: string,
  names: { readonly mapping: string; readonly key: string; readonly more: string },
): string =>
  `kind: mapping
name: ${names.mapping}
from: shop.orders
to: {schema: ${schema}}
load: {key: [${names.key}], strategy: scd2}
${names.more}
properties:
  ${names.key}: {from: id, type: string${names.more === '' ? '' : ', renamedFrom: [id]'}}
  total: {from: total, type: integer}
`;

const source =
  'kind: source\nname: shop\nbaseUrl: https://api.example\nstreams:\n  orders: {request: {path: /o}, primaryKey: [id], cursor: {field: at, from: {query: since}}}\n';

const statementsOf = ({ steps }: Plan): readonly string[] =>
  steps.flatMap((step) =>
    step.kind === 'rename' && step.rename.what === 'mapping' ? step.rename.statements : [],
  );

/** What every warehouse does with tables and columns that get other names. */
export function warehouseRenamesContract(name: string, open: OpenUnderTest): void {
  describe(`names that change in ${name}`, function () {
    this.timeout(120_000);

    it('move a table, its versions and its columns, also when that was cut short after any statement', async () => {
      for (let done = 0; done <= 6; done += 1) {
        const under = await open();
        const { schema } = under;
        const own = ownTables(under.settings);
        const warehouse = opened(under);
        const wanted = ['before', 'after'].flatMap((table) => [
          { schema, table },
          { schema, table: versionsTable(table) },
        ]);
        const tables = () => warehouse.tables([...wanted, own.loads, own.completeness]);
        const old = { mapping: 'before', key: 'id', more: '' };
        const first = await planned(under, {
          'sources/shop.yml': source,
          'mappings/m.yml': mapping(schema, old),
        });
        await define(warehouse, first.plan);
        const now = { mapping: 'after', key: 'order_id', more: 'renamedFrom: [before]' };
        const files = { 'sources/shop.yml': source, 'mappings/m.yml': mapping(schema, now) };
        const one = await planned(under, files, await tables());
        const statements = statementsOf(one.plan);
        expect(statements, 'two tables and a column in each').to.have.length(4);
        await warehouse.define(statements.slice(0, done));
        const rest = await planned(under, files, await tables());
        expect(statementsOf(rest.plan)).to.have.length(Math.max(0, 4 - done));
        await warehouse.define(statementsOf(rest.plan));
        const last = await planned(under, files, await tables());
        expect(last.plan.steps.map(({ kind }) => kind)).to.deep.equal(['extract', 'load']);
        const names = (await tables()).map(({ table }) => table.toLowerCase());
        expect(names).to.include.members(['after', versionsTable('after').toLowerCase()]);
        expect(names).not.to.include('before');
        await warehouse.close();
        if (done >= statements.length) return;
      }
    });
  });
}
