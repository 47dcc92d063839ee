import { expect } from 'chai';
import { planAudit } from '../../engine/engine.ts';
import { bench, empty, type OpenUnderTest, type Row, row, types } from './warehouse-bench.ts';

const values: Row = [
  'a "q", b\nc\\N;\'é😀',
  '-99999999999999999999999999999999999999',
  '1234567890123456789012345678.0123456789',
  1e-300,
  1,
  '2026-02-28',
  '23:59:59.999999',
  '2026-01-31T08:15:00.000001Z',
  '0001-01-01T00:00:00.000000',
  '{"a":"b,\\n"}',
  'AAEC/w==',
];
const rows = [
  row('a', values),
  row('b', empty),
  row('c', ['', ...empty.slice(1)]),
  row('d', ['\\N', ...empty.slice(1)]),
];
const nothing = { missing: 0, stale: 0, changed: 0, surplus: 0, doubled: 0, explained: 0 };

/** What every audit finds in a table. */
export function warehouseAuditContract(name: string, open: OpenUnderTest): void {
  describe(`a comparison with a table in ${name}`, function () {
    this.timeout(60_000);

    it('finds no difference in what was loaded, of any type', async () => {
      const { load, compare } = await bench(open);
      await load('1-9', rows);
      expect(await compare(rows)).to.deep.equal({ superseded: 0, found: 4, kinds: nothing, examples: [] });
    });

    it('takes the newest version of each row, by cursor and page', async () => {
      const { load, compare } = await bench(open);
      const versions = [
        row('a', values, { hash: 'new', cursor: '2026-02' }),
        row('a', empty, { hash: 'old', page: 2, cursor: '2026-01' }),
      ];
      await load('1-9', versions);
      expect(await compare(versions)).to.deep.include({ superseded: 1, found: 1, kinds: nothing });
    });

    it('names a changed column of each type', async () => {
      const { load, compare, under } = await bench(open);
      await load('1-9', rows);
      for (const [at] of types.entries()) {
        await under.alter(`UPDATE {all} SET {c${at}} = NULL WHERE {id} = 'a'`);
        const { examples, kinds } = await compare(rows);
        expect(kinds).to.deep.equal({ ...nothing, changed: 1 });
        expect(examples[0]?.columns).to.include(`c${at}`);
      }
      const [example] = (await compare(rows)).examples;
      expect(example).to.deep.include({ kind: 'changed', key: ['default', 'a'], page: 1 });
      expect(example?.columns).to.have.length(types.length);
    });

    it('holds an empty file against the table, and a table against an empty one', async () => {
      const { load, compare } = await bench(open);
      expect((await compare([])).kinds).to.deep.equal(nothing);
      expect((await compare(rows)).kinds).to.deep.equal({ ...nothing, missing: 4 });
      await load('1-9', rows);
      expect((await compare([])).kinds).to.deep.equal({ ...nothing, surplus: 4 });
    });

    it('looks only at the pages that it is told', async () => {
      const { load, compare } = await bench(open);
      const two = [row('a', values), row('b', values, { page: 2 })];
      await load('1-9', two.slice(0, 1));
      expect((await compare(two, { pages: { first: 1, last: 1 } })).kinds.missing).to.equal(0);
      expect((await compare(two, { pages: { first: 2, last: 9 } })).kinds.missing).to.equal(1);
    });

    it('gives five examples of each kind, and counts all', async () => {
      const { compare } = await bench(open);
      const many = Array.from({ length: 20 }, (_, at) => row(`r${at}`, values));
      const { kinds, examples } = await compare(many);
      expect(kinds.missing).to.equal(20);
      expect(examples.map(({ key }) => key[1])).to.deep.equal(['r0', 'r1', 'r10', 'r11', 'r12']);
    });

    it('explains what is blocked at the source, changed since, or loaded since', async () => {
      const { load, compare } = await bench(open);
      await load('1-9', [row('blocked', values), row('loaded since', values)], {
        loadedAt: new Date().toISOString(),
      });
      const source = { startedAt: '2026-01-01T00:00:00Z', changedFrom: '2026-01-01' };
      const listed = [
        row('blocked', empty, { hash: '' }),
        row('changed since', values, { cursor: '2026-01-02' }),
      ];
      expect((await compare(listed, { source })).kinds).to.deep.equal({ ...nothing, explained: 3 });
      const late = { startedAt: '2999-01-01T00:00:00Z' };
      const counted = { ...nothing, explained: 1, missing: 1, surplus: 1 };
      expect((await compare(listed, { source: late })).kinds).to.deep.equal(counted);
      const partial = await compare(listed, { source: { ...late, from: '2026-01-01' } });
      expect(partial.kinds).to.deep.equal({ ...counted, surplus: 0 });
    });

    it('reads the loads of a mapping, and changes nothing', async () => {
      const { load, compare, table, warehouse, project, plan } = await bench(open);
      const statements = planAudit(project, plan).statements['all'] ?? [];
      await load('1-9', rows);
      await compare([]);
      const [noted] = await warehouse.loads(statements);
      expect(noted).to.deep.include({
        unit: 'dev.all.1-9',
        run: 'r1',
        firstPage: 1,
        lastPage: 9,
        counts: { staged: 4, inserted: 4, updated: 0, unchanged: 0, superseded: 0 },
      });
      expect((await table()).rows).to.have.length(4);
    });

    it('says when it cannot be made', async () => {
      const { compare, under } = await bench(open);
      await under.alter('ALTER TABLE {all} DROP COLUMN {c3}');
      const failure = await compare(rows).then(
        () => undefined,
        (error: unknown) => error,
      );
      expect(failure)
        .to.have.property('message')
        .that.contains('ETL0707: ')
        .and.contains('.all could not be compared');
    });
  });
}
