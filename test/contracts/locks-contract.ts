import { expect } from 'chai';
import type { Locks } from '../../engine/model/ports.ts';

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** What all locks must do. `open` gives some that nobody holds; those of one test share a store. */
export function locksContract(name: string, open: () => Promise<readonly [Locks, Locks]>): void {
  describe(`locks in ${name}`, () => {
    let one: Locks;
    let two: Locks;

    beforeEach(async () => {
      [one, two] = await open();
    });

    afterEach(async () => {
      await one.close();
      await two.close();
    });

    it('let one at a time work, and give what the work gives', async () => {
      let inside = 0;
      let most = 0;
      const work = async (value: number): Promise<number> => {
        inside += 1;
        most = Math.max(most, inside);
        await pause(5);
        inside -= 1;
        return value;
      };
      const results = await Promise.all(
        Array.from({ length: 8 }, (_, at) =>
          (at % 2 === 0 ? one : two).exclusively('name', 5000, () => work(at)),
        ),
      );
      expect(most).to.equal(1);
      expect(results).to.deep.equal([0, 1, 2, 3, 4, 5, 6, 7]);
    });

    it('do not keep apart what has different names', async () => {
      const inner = await one.exclusively('a', 5000, () => two.exclusively('b', 5000, async () => 'both'));
      expect(inner).to.equal('both');
    });

    it('are given back when the work fails', async () => {
      const failed = await one
        .exclusively('name', 60_000, async () => {
          throw new Error('work');
        })
        .catch((error: Error) => error.message);
      expect(failed).to.equal('work');
      expect(await two.exclusively('name', 60_000, async () => 'free')).to.equal('free');
    });

    it('are no longer waited for when the signal is aborted, with its reason', async () => {
      const stop = new AbortController();
      const reason = new Error('stopped');
      let begun = false;
      await one.exclusively('name', 60_000, async () => {
        const waiting = two.exclusively(
          'name',
          60_000,
          async () => {
            begun = true;
          },
          stop.signal,
        );
        setTimeout(() => stop.abort(reason), 10);
        expect(await waiting.catch((error: unknown) => error)).to.equal(reason);
      });
      expect(begun).to.equal(false);
      expect(await two.exclusively('name', 60_000, async () => 'free')).to.equal('free');
    });

    it('are held for as long as the work goes on, however long that is', async () => {
      let free = false;
      let lostAt: AbortSignal | undefined;
      const long = one.exclusively('name', 150, async (lost) => {
        lostAt = lost;
        await pause(600);
        expect(free).to.equal(false);
      });
      await pause(20);
      const next = two.exclusively('name', 150, async () => {
        free = true;
      });
      await Promise.all([long, next]);
      expect([free, lostAt?.aborted]).to.deep.equal([true, false]);
    });
  });
}
