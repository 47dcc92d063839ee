import { expect } from 'chai';
import type { ParentValues } from '../../engine/model/batch.ts';
import type { StreamPlan } from '../../engine/model/plan.ts';
import type { ParentsDone, Staging } from '../../engine/model/ports.ts';
import type { State, StreamRef } from '../../engine/model/state-port.ts';
import { stagedPage, streamPlan } from './staging-samples.ts';

type LedgerStaging = Staging & { readonly state: State };

/** A stream that is read for each order. */
export const notesPlan = (parent: Partial<StreamPlan['parent']> = {}, asked = 'notes'): StreamPlan => ({
  ...streamPlan({ name: 'notes' }),
  shape: { asked, paging: '' },
  parent: {
    stream: 'orders',
    records: [{ root: 'record', segments: [] }],
    values: [],
    where: [],
    batch: 1,
    parallel: 1,
    kept: true,
    cursor: {
      field: { root: 'record', segments: [{ key: 'at' }] },
      type: 'integer',
      format: 'iso',
      lookbackMs: 0,
      ends: false,
    },
    ...parent,
  },
});

const ref: StreamRef = { source: 'shop', account: 'default', name: 'notes', mappings: [] };
const orders: StreamRef = { ...ref, name: 'orders' };
const idOf = (id: string): ParentValues => ({ id });

/** What every staging database must know of the parents of a stream. */
export function parentsContract(name: string, open: () => Promise<LedgerStaging>): void {
  describe(`positions of parents on ${name}`, () => {
    let staging: LedgerStaging;

    beforeEach(async () => {
      staging = await open();
      await staging.migrate();
    });

    afterEach(() => staging.close());

    let page = 100;
    const done = (
      stream: StreamPlan,
      parents: ParentsDone,
      window = { number: 2, isLast: false, outside: 0 },
    ): Promise<void> => {
      page += 1;
      const position = { shape: stream.shape };
      return staging.commit(stream, [{ ...stagedPage({ id: page }), rows: [], position, window, parents }]);
    };
    const known = async (stream: StreamPlan, ...ids: string[]) => staging.parents(stream, ids.map(idOf));

    it('are those of the last page that ended a parent, in the order in which they are asked for', async () => {
      const stream = notesPlan();
      await done(stream, { window: 7, values: [idOf('a'), idOf('b')], cursor: 'x' });
      await done(stream, { window: 8, values: [idOf('b')], cursor: 'y' });
      await done(stream, { window: 8, values: [idOf('c')], gone: 6 });
      expect(await known(stream, 'c', 'nobody', 'b', 'a')).to.deep.equal([
        { window: 8, gone: 6 },
        undefined,
        { window: 8, cursor: 'y' },
        { window: 7, cursor: 'x' },
      ]);
      // Parents without number: one statement does not hold so many values.
      const many = Array.from({ length: 1201 }, (_, at) => `p${at}`);
      await done(stream, { window: 9, values: many.map(idOf), cursor: 'z' });
      const found = await known(stream, ...many);
      expect(found.every((one) => one?.cursor === 'z')).to.equal(true);
      const [state] = await staging.state.positions.streams([ref]);
      expect(state?.parents).to.deep.equal({ known: 1204, gone: 1, least: 'x', greatest: 'z' });
    });

    it('are not those of a stream that asks for something else, which leaves none of them', async () => {
      await done(notesPlan(), { window: 7, values: [idOf('a')], cursor: 'x' });
      const other = notesPlan({}, 'other');
      expect(await known(other, 'a')).to.deep.equal([undefined]);
      const window = { number: 1, isLast: false, outside: 0 };
      await done(other, { window: 8, values: [idOf('b')], cursor: 'y' }, window);
      expect(await known(notesPlan(), 'a')).to.deep.equal([undefined]);
    });

    it('go where a window of all parents has not seen them, unless they are gone already', async () => {
      const stream = notesPlan({ all: true });
      await done(stream, { window: 7, values: [idOf('a')] });
      await done(stream, { window: 7, values: [idOf('b')], gone: 6 });
      await done(stream, { window: 7, values: [idOf('c')] });
      await done(stream, { window: 8, values: [idOf('c')] }, { number: 3, isLast: true, outside: 0 });
      expect(await known(stream, 'a', 'b', 'c')).to.deep.equal([
        undefined,
        { window: 7, gone: 6 },
        { window: 8 },
      ]);
    });

    it('go with the kept pages that their parents stand in, and when the stream is reset', async () => {
      const parents = streamPlan({ name: 'orders' });
      const stream = notesPlan();
      for (const id of [1, 5]) await staging.commit(parents, [{ ...stagedPage({ id }), rows: [] }]);
      await done(stream, { window: 3, values: [idOf('a')] });
      await done(stream, { window: 7, values: [idOf('b')] });
      await staging.state.positions.compact([orders], { ageMs: -1 }, 1);
      expect(await known(stream, 'a', 'b')).to.deep.equal([undefined, { window: 7 }]);
      await staging.state.positions.reset(orders, true);
      expect(await known(stream, 'b')).to.deep.equal([undefined]);
      await done(stream, { window: 9, values: [idOf('c')] });
      await staging.state.positions.reset(ref, false);
      expect(await known(stream, 'c')).to.deep.equal([undefined]);
    });

    it('tell how many parents wait: those in pages behind, or all that are known and those that came since', async () => {
      const parents = streamPlan({ name: 'orders' });
      for (const id of [1, 5])
        await staging.commit(parents, [{ ...stagedPage({ id }), rows: [], records: 10 }]);
      const { positions } = staging.state;
      expect(await positions.waitingParents(notesPlan(), 0)).to.equal(20);
      expect(await positions.waitingParents(notesPlan(), 1)).to.equal(10);
      const all = notesPlan({ all: true });
      expect(await positions.waitingParents(all, 5)).to.equal(20);
      await done(all, { window: 3, values: [idOf('a'), idOf('b')] });
      await done(all, { window: 3, values: [idOf('c')], gone: 6 });
      expect(await positions.waitingParents(all, 5)).to.equal(12);
    });

    it('are renamed with the stream, and with that of the parents', async () => {
      const stream = notesPlan();
      await done(stream, { window: 3, values: [idOf('a')] });
      await staging.state.renames.stream({ what: 'stream', source: 'shop', from: 'notes', to: 'remarks' });
      expect(await known({ ...stream, name: 'remarks' }, 'a')).to.deep.equal([{ window: 3 }]);
      expect(await known(stream, 'a')).to.deep.equal([undefined]);
    });
  });
}
