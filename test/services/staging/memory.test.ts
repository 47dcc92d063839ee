import { expect } from 'chai';
import type { ExplainedError } from '../../../engine/model/errors.ts';
import type { Memory } from '../../../engine/model/ports.ts';
import { onEach } from './each-database.ts';
import { type Place, stagingAt } from './places.ts';
import { linesOf, start } from './processes.ts';

async function withMemory(place: Place, use: (memory: Memory) => Promise<void>): Promise<void> {
  const staging = stagingAt(place);
  await use(staging.memory).finally(() => staging.close());
}

onEach((name, place) =>
  describe(`a memory on ${name}`, () => {
    it('needs no migration first, and knows nothing at first', () =>
      withMemory(place(), async (memory) => {
        expect(await memory.recall('token:shop')).to.equal(undefined);
      }));

    it('remembers the last text of each name, for the next process, too', async () => {
      const shared = place();
      await withMemory(shared, async (memory) => {
        await memory.remember('a', '1');
        await memory.remember('a', '2');
        await memory.remember('b', '');
      });
      await withMemory(shared, async (memory) => {
        expect([await memory.recall('a'), await memory.recall('b')]).to.deep.equal(['2', '']);
        await memory.forget('a');
        await memory.forget('c');
        expect([await memory.recall('a'), await memory.recall('b')]).to.deep.equal([undefined, '']);
      });
    });

    it('swaps only what is still as it was', () =>
      withMemory(place(), async (memory) => {
        expect(await memory.swap('a', 'x', 'y')).to.equal(false);
        expect(await memory.swap('a', undefined, '1')).to.equal(true);
        expect(await memory.swap('a', undefined, '2')).to.equal(false);
        expect(await memory.swap('a', 'x', '2')).to.equal(false);
        expect(await memory.recall('a')).to.equal('1');
        expect(await memory.swap('a', '1', '2')).to.equal(true);
        expect(await memory.recall('a')).to.equal('2');
      }));

    it('is of one environment: another one that opens the database is refused, also when both began before it was anybody’s', async () => {
      const shared = place();
      const [dev, production] = [stagingAt(shared, 'dev'), stagingAt(shared, 'production')];
      // Both have looked before either writes. One thread cannot wait for a lock that it holds itself.
      expect(await dev.memory.recall('token:shop')).to.equal(undefined);
      expect(await production.memory.recall('token:shop')).to.equal(undefined);
      await dev.memory.remember('token:shop', 'x');
      const refused = await production.memory
        .swap('token:shop', undefined, 'y')
        .catch((thrown: unknown) => thrown);
      expect((refused as ExplainedError).diagnostic.code).to.equal('ETL0607');
      await Promise.all([dev.close(), production.close()]);
      const late = stagingAt(shared, 'test');
      const error = await late.migrate().catch((thrown: unknown) => thrown);
      expect((error as ExplainedError).diagnostic.code).to.equal('ETL0607');
      await late.close();
    });

    it('swaps for one process at a time', async () => {
      const shared = place();
      const children = [start('swapMany', shared, '50'), start('swapMany', shared, '50')];
      const swapped = (await Promise.all(children.map(linesOf))).flat().map(Number);
      expect(swapped.sort((a, b) => a - b)).to.deep.equal(Array.from({ length: 100 }, (_, at) => at + 1));
    }).timeout(60_000);
  }),
);
