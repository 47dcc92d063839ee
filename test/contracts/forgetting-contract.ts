import { expect } from 'chai';
import type { OpenStaging } from '../../engine/services/staging/staging.ts';
import {
  blockedRow,
  collect,
  commitAll,
  loadAll,
  mappingPlan,
  type SampleRow,
  stagedPage,
  streamPlan,
} from './staging-samples.ts';

const orders = mappingPlan(
  { id: 'string', line: 'integer', note: 'string', at: 'timestamp' },
  { key: ['_account', 'id', 'line'] },
);

const line = (id: string, at: number, note: string, over: Partial<SampleRow> = {}): SampleRow => ({
  values: [id, String(at), note, '2026-01-01T00:00:00.000000Z'],
  record: id,
  ...over,
});

const noCounts = { pages: 0, records: 0, rows: 0, blockers: 0, loaded: 0 };

/** How persons are forgotten, in every staging database. `open` gives one that is empty and not migrated. */
export function forgettingContract(name: string, open: () => Promise<OpenStaging>): void {
  describe(`forgetting on ${name}`, () => {
    let staging: OpenStaging;

    beforeEach(async () => {
      staging = await open();
      await staging.migrate();
      await staging.prepare(orders);
    });

    afterEach(() => staging.close());

    const rowsNow = async (): Promise<readonly unknown[][]> => {
      const units = await staging.pendingUnits(orders, 1_000_000);
      const batches = await Promise.all(units.map((unit) => collect(staging.rows(orders, unit))));
      return batches.flat(2).map((row) => row.slice(1, 4));
    };

    describeTombstones(() => staging);

    it('finds the keys of a person, and only where the newest version is theirs', async () => {
      await commitAll(staging, [
        { id: 1, rows: [line('a', 1, 'ann'), line('b', 1, 'ann'), line('c', 1, 'bob')] },
        { id: 2, rows: [line('b', 1, 'bob'), line('c', 1, 'ann')] },
      ]);
      const places = [
        { page: 1, ordinals: [0, 1] },
        { page: 2, ordinals: [1] },
      ];
      const { keys, reloadFrom } = await staging.forgetting.rows(orders, places);
      expect([...keys].sort()).to.deep.equal([
        ['default', 'a', '1'],
        ['default', 'c', '1'],
      ]);
      // What the same record said of somebody else before is no row of its own.
      expect(reloadFrom).to.equal(undefined);
    });

    it('knows by the cursor which version is the newest', async () => {
      await commitAll(staging, [
        { id: 1, rows: [line('a', 1, 'bob', { cursor: '2' })] },
        { id: 2, rows: [line('a', 1, 'ann', { cursor: '1' })] },
      ]);
      expect(await staging.forgetting.rows(orders, [{ page: 2, ordinals: [0] }])).to.deep.equal({ keys: [] });
    });

    it('loads again what another record has made of the same row before', async () => {
      await commitAll(staging, [
        { id: 1, rows: [line('a', 1, 'other')] },
        { id: 2, rows: [line('x', 1, 'bob', { record: 'r1' })] },
        { id: 3, rows: [line('x', 1, 'ann', { record: 'r2' })] },
      ]);
      await loadAll(staging, await staging.pendingUnits(orders, 1));
      const { keys, reloadFrom } = await staging.forgetting.rows(orders, [{ page: 3, ordinals: [0] }]);
      expect({ keys, reloadFrom }).to.deep.equal({ keys: [['default', 'x', '1']], reloadFrom: 2 });
      await staging.forgetting.reload('orders', 2);
      expect((await rowsNow()).map(([id]) => id)).to.deep.equal(['x', 'x']);
    });

    it('finds rows by a value, texts with any character included', async () => {
      await commitAll(staging, [
        { id: 1, rows: [line('a', 7, 'ann'), line('b', 8, 'nul\0')] },
        { id: 2, rows: [line('c', 7, 'ann')] },
      ]);
      const places = (column: string, ...values: readonly string[]) =>
        staging.forgetting.places(streamPlan(), orders, column, values);
      expect(await places('line', '7')).to.have.deep.members([
        { page: 1, ordinals: [0], keys: ['a'] },
        { page: 2, ordinals: [0], keys: ['c'] },
      ]);
      expect(await places('_record', 'b', 'c')).to.have.deep.members([
        { page: 1, ordinals: [1], keys: ['b'] },
        { page: 2, ordinals: [0], keys: ['c'] },
      ]);
      expect(await places('note', 'nobody')).to.deep.equal([]);
      const sweep = streamPlan({ name: 'orders~sweep' });
      expect(await staging.forgetting.places(sweep, orders, 'line', ['7'])).to.deep.equal([]);
      const { keys } = await staging.forgetting.rows(orders, [{ page: 1, ordinals: [1] }]);
      expect(keys).to.deep.equal([['default', 'b', '8']]);
    });

    it('takes a record out of a page, its rows and its Blockers, and everybody else stays', async () => {
      const blocked = [
        blockedRow({ ordinal: 0, record: 'a', value: 'secret' }),
        blockedRow({ ordinal: 1, record: 'b', value: 'of b' }),
      ];
      await commitAll(staging, [
        {
          id: 1,
          rows: [line('a', 1, 'ann'), line('a', 2, 'ann', { index: 1 }), line('b', 1, 'bob')],
          blocked,
        },
      ]);
      const { forgetting } = staging;
      await forgetting.begin('salt', [{ stream: 'shop.orders', hash: 'h' }], 'root');
      const body = new Uint8Array([1, 2, 3]);
      await forgetting.erase('shop.orders', 'h', {
        page: 1,
        ordinals: [0],
        body,
        records: new Map([[0, 'hidden']]),
      });
      expect((await rowsNow()).map(([id]) => id)).to.deep.equal(['b']);
      expect([...((await forgetting.page(1))?.body ?? [])]).to.deep.equal([...body]);
      const open = await staging.blockers.find({ mapping: 'orders', status: 'open' }, 10);
      expect(open.map(({ record, value }) => [record, value])).to.deep.equal([['b', 'of b']]);
      const [closed] = await staging.blockers.find({ mapping: 'orders', status: 'resolved' }, 10);
      expect(closed).to.include({ record: 'hidden', note: 'forgotten' });
      const history = await staging.blockers.history(closed?.id ?? 0);
      expect(history.map(({ event }) => event)).to.deep.equal(['opened', 'resolved']);
      const [entry] = await forgetting.entries();
      expect(entry?.counts).to.deep.equal({ ...noCounts, pages: 1, records: 1, rows: 2, blockers: 1 });
    });

    it('takes the words about a person out of Blockers and requests', async () => {
      const blocked = [
        blockedRow({ ordinal: 0, record: 'a', value: 'secret' }),
        blockedRow({ ordinal: 1, record: 'b', value: 'of b', property: 'note' }),
        blockedRow({ ordinal: 2, record: 'c', reason: 'it was Ann', property: 'at' }),
      ];
      const open = {
        startedAt: '',
        pages: 1,
        next: { method: 'GET', url: '/orders?after=Ann', headers: {} },
      } as const;
      await commitAll(staging, [{ id: 1, rows: [], blocked, position: { cursor: '5', open } }]);
      const { blockers } = staging;
      const all = await blockers.find({ mapping: 'orders' }, 10);
      const ids = all.filter(({ record }) => record === 'a').map(({ id }) => id);
      await blockers.change(ids, { event: 'noted', note: 'asked Ann' }, 'bob');
      await staging.forgetting.redact(streamPlan(), {
        keys: new Set(['a']),
        says: (text) => text.includes('Ann'),
        without: (text) => text.replaceAll('Ann', '-').replaceAll('page=1', 'page=-'),
        request: (text) => text.replaceAll('Ann', '-').replaceAll('page=1', 'page=-'),
      });
      const texts = (await blockers.find({ mapping: 'orders' }, 10)).map(
        ({ record, reason, value, note }) => [record, reason, value, note],
      );
      expect(texts).to.have.deep.members([
        ['a', 'forgotten', '', ''],
        ['b', 'not a decimal number', 'of b', ''],
        ['c', 'forgotten', '', ''],
      ]);
      const details = (await blockers.history(ids[0] ?? 0)).map(({ event, detail }) => [event, detail]);
      expect(details).to.deep.equal([
        ['opened', ''],
        ['noted', ''],
      ]);
      // The window is read again from its beginning.
      expect(await staging.position(streamPlan())).to.deep.equal({ cursor: '5' });
    });

    it('is given the same page again without harm', async () => {
      await commitAll(staging, [{ id: 1, rows: [line('a', 1, 'ann'), line('b', 1, 'bob')] }]);
      const page = { page: 1, ordinals: [0], records: new Map() };
      await staging.forgetting.begin('salt', [{ stream: 'shop.orders', hash: 'h' }], 'root');
      await staging.forgetting.erase('shop.orders', 'h', page);
      await staging.forgetting.erase('shop.orders', 'h', page);
      const [unit] = await staging.pendingUnits(orders, 10);
      expect(unit?.rows).to.equal(1);
      await staging.forgetting.scrub();
      expect(await staging.forgetting.page(2)).to.equal(undefined);
      expect([...(await staging.forgetting.mappings('shop.orders'))]).to.deep.equal([['orders', 'hash-1']]);
      expect(stagedPage({ id: 1 }).body.length).to.be.greaterThan(0);
      expect(await collect(staging.pages(streamPlan()))).to.have.length(1);
    });
  });
}

function describeTombstones(staging: () => OpenStaging): void {
  it('knows nobody at first', async () => {
    expect(await staging().forgetting.known()).to.equal(undefined);
    expect(await staging().forgetting.entries()).to.deep.equal([]);
    expect(await staging().forgetting.lift(['h'])).to.equal(0);
  });

  it('keeps tombstones until they are lifted, and its salt after that', async () => {
    const { forgetting } = staging();
    const marks = [
      { stream: 'shop.orders', hash: 'h1' },
      { stream: 'shop.people', hash: 'h2' },
    ];
    await forgetting.begin('salt', marks, 'root');
    expect(await forgetting.known()).to.deep.equal({
      salt: 'salt',
      hashes: { 'shop.orders': ['h1'], 'shop.people': ['h2'] },
    });
    await forgetting.countLoaded('shop.people', 'h2', 3);
    await forgetting.finish(['h1', 'h2']);
    const at = '2026-01-31T12:00:00.000Z';
    const [first, second] = await forgetting.entries();
    const done = { status: 'done', by: 'root', at, finishedAt: at } as const;
    expect(first).to.deep.equal({ stream: 'shop.orders', hash: 'h1', ...done, counts: noCounts });
    expect(second?.counts).to.deep.equal({ ...noCounts, loaded: 3 });
    expect(await forgetting.lift(['h1'])).to.equal(1);
    expect(await forgetting.known()).to.deep.equal({ salt: 'salt', hashes: { 'shop.people': ['h2'] } });
    await forgetting.begin('salt', marks, 'ann');
    const again = await forgetting.entries();
    expect(again.map(({ status, by, finishedAt }) => [status, by, finishedAt])).to.deep.equal([
      ['erasing', 'ann', null],
      ['erasing', 'ann', null],
    ]);
  });
}
