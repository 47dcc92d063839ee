import { expect } from 'chai';
import type { CachedResponse, ResponseCache } from '../../engine/model/ports.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

const bound = { keepMs: 60_000, bytesMax: 1_000_000 };

/** What every cache must do. `open` gives one that is empty. */
export function cacheContract(name: string, open: (clock: VirtualClock) => Promise<ResponseCache>): void {
  describe(`a response cache in ${name}`, () => {
    let clock: VirtualClock;
    let cache: ResponseCache;

    beforeEach(async () => {
      clock = new VirtualClock();
      cache = await open(clock);
    });

    afterEach(() => cache.close());

    const reply = (body: string | Buffer, more: Partial<CachedResponse> = {}): CachedResponse => ({
      status: 200,
      headers: { etag: '"1"' },
      body: Buffer.from(body),
      atMs: clock.now(),
      ...more,
    });

    const bodyOf = async (group: string, key: string): Promise<string | undefined> => {
      const found = await cache.find(group, key);
      return found && Buffer.from(found.body).toString();
    };

    /** A body that does not get smaller. */
    const noise = (bytes: number): Buffer =>
      Buffer.from(Array.from({ length: bytes }, (_, at) => (at * at * 7919 + at * 104_729) >>> 5));

    it('gives back what was kept, byte for byte', async () => {
      const kept = reply(noise(5000), { status: 404, headers: { link: '<x>; rel="next"', date: 'ä' } });
      await cache.keep('group', 'key', kept, bound);
      const found = await cache.find('group', 'key');
      expect(found).to.deep.equal({ ...kept, body: found?.body });
      expect(Buffer.compare(Buffer.from(found?.body ?? []), Buffer.from(kept.body))).to.equal(0);
      expect(cache.unanswered()).to.equal(0);
    });

    it('keeps an empty body', async () => {
      await cache.keep('group', 'key', reply(''), bound);
      expect(await bodyOf('group', 'key')).to.equal('');
    });

    it('knows nothing of what was not kept, nor of other groups', async () => {
      await cache.keep('group', 'key', reply('1'), bound);
      expect(await cache.find('group', 'other')).to.equal(undefined);
      expect(await cache.find('other', 'key')).to.equal(undefined);
    });

    it('drops a group and leaves the others, and keeps anew after that', async () => {
      await cache.keep('group', 'key', reply('1'), bound);
      await cache.keep('other', 'key', reply('2'), bound);
      await cache.drop('group');
      await cache.drop('never');
      expect(await bodyOf('group', 'key')).to.equal(undefined);
      expect(await bodyOf('other', 'key')).to.equal('2');
      await cache.keep('group', 'key', reply('3'), bound);
      expect(await bodyOf('group', 'key')).to.equal('3');
    });

    it('gives the last reply of a key', async () => {
      await cache.keep('group', 'key', reply('1'), bound);
      await cache.keep('group', 'key', reply('2'), bound);
      expect(await bodyOf('group', 'key')).to.equal('2');
    });

    it('forgets a reply that is of no more use', async () => {
      await cache.keep('group', 'key', reply('1'), bound);
      await clock.sleep(bound.keepMs - 1);
      expect(await bodyOf('group', 'key')).to.equal('1');
      await clock.sleep(1);
      expect(await bodyOf('group', 'key')).to.equal(undefined);
    });

    it('counts how long it is of use from when it was answered', async () => {
      await cache.keep('group', 'key', reply('1', { atMs: clock.now() - bound.keepMs + 10 }), bound);
      await clock.sleep(10);
      expect(await bodyOf('group', 'key')).to.equal(undefined);
    });

    const kept = async (group: string, keys: readonly string[]): Promise<string[]> => {
      const found: string[] = [];
      for (const key of keys) if ((await cache.find(group, key)) !== undefined) found.push(key);
      return found;
    };

    it('drops the oldest replies of a group that is full, and none of another', async () => {
      await cache.keep('other', 'a', reply(noise(1000)), bound);
      for (const key of ['a', 'b', 'c', 'd']) {
        await cache.keep('group', key, reply(noise(1000)), { ...bound, bytesMax: 3000 });
        await clock.sleep(1);
      }
      expect(await kept('group', ['a', 'b', 'c', 'd'])).to.deep.equal(['c', 'd']);
      expect(await kept('other', ['a'])).to.deep.equal(['a']);
    });

    it('drops another reply when one was confirmed since', async () => {
      const small = { ...bound, bytesMax: 3000 };
      for (const key of ['a', 'b', 'a', 'c']) {
        await cache.keep('group', key, reply(noise(1000)), small);
        await clock.sleep(1);
      }
      expect(await kept('group', ['a', 'b', 'c'])).to.deep.equal(['a', 'c']);
    });

    it('makes room of what has expired first', async () => {
      await cache.keep('group', 'short', reply(noise(1000)), { keepMs: 5, bytesMax: 3000 });
      await cache.keep('group', 'long', reply(noise(1000)), { ...bound, bytesMax: 3000 });
      await clock.sleep(5);
      await cache.keep('group', 'new', reply(noise(1000)), { ...bound, bytesMax: 3000 });
      expect(await kept('group', ['short', 'long', 'new'])).to.deep.equal(['long', 'new']);
    });

    it('does not keep what is larger than the bound, nor what was there before it', async () => {
      await cache.keep('group', 'key', reply('1'), bound);
      await cache.keep('group', 'key', reply(noise(5000)), { ...bound, bytesMax: 3000 });
      expect(await bodyOf('group', 'key')).to.equal(undefined);
    });

    it('counts compressed bodies', async () => {
      for (const key of ['a', 'b', 'c'])
        await cache.keep('group', key, reply(Buffer.alloc(100_000)), { ...bound, bytesMax: 3000 });
      expect(await kept('group', ['a', 'b', 'c'])).to.deep.equal(['a', 'b', 'c']);
    });
  });
}
