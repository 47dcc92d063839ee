import { expect } from 'chai';
import fc from 'fast-check';
import { type Played, play, scenarioArbitrary } from '../../support/limit-scenarios.ts';
import { localPlayed, type RedisPlayer, redisPlayer } from '../../support/limit-stores.ts';
import { forgetKeys, ownPrefix, sharedRedis } from '../../support/redis.ts';

/** Everything but the numbers of tickets, which begin elsewhere, in one order. */
function comparable(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (key, one: unknown) => {
      if (key === 'id' && typeof one === 'string') return one.replace(/-\d+$/, '');
      if (one === Number.POSITIVE_INFINITY) return 'for ever';
      if (key === 'drift') return Number(one).toPrecision(10);
      return Array.isArray(one) && typeof one[0] === 'object'
        ? [...one].sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
        : one;
    }),
  );
}

/** Plays both; tickets of one are told to itself only. */
function both(local: Played, redis: Played, seen: (what: string, a: unknown, b: unknown) => void): Played {
  const theirs = new Map<string, string>();
  const id = (ticket: string): string => theirs.get(ticket) as string;
  const same = <T>(what: string, a: T, b: T): T => {
    seen(what, a, b);
    return a;
  };
  return {
    ask: async (ask, nowUs) => {
      const [a, b] = [await local.ask(ask, nowUs), await redis.ask(ask, nowUs)];
      if (a.kind === 'grant' && b.kind === 'grant') theirs.set(a.ticket.id, b.ticket.id);
      return same('ask', a, b);
    },
    settle: async (settled, nowUs) => {
      await local.settle(settled, nowUs);
      const ticket = { ...settled.ticket, id: id(settled.ticket.id) };
      await redis.settle({ ...settled, ticket }, nowUs);
    },
    renew: async (ticket, limits, nowUs) => {
      await local.renew(ticket, limits, nowUs);
      await redis.renew(id(ticket), limits, nowUs);
    },
    freeze: async (order, random, nowUs) =>
      same('freeze', await local.freeze(order, random, nowUs), await redis.freeze(order, random, nowUs)),
    thaw: async (scope, nowUs) =>
      same('thaw', await local.thaw(scope, nowUs), await redis.thaw(scope, nowUs)),
    status: async (limits, nowUs) =>
      same('status', await local.status(limits, nowUs), await redis.status(limits, nowUs)),
    forget: async () => {},
  };
}

describe('the store in Redis', () => {
  const prefix = ownPrefix();
  let player: RedisPlayer | undefined;
  before(async function () {
    const url = await sharedRedis(this);
    player = redisPlayer(url, prefix);
  });
  after(async () => {
    await player?.close();
    await forgetKeys(prefix);
  });

  it('answers as the store in the process does, whatever happens', async function () {
    this.timeout(120_000);
    await fc.assert(
      fc.asyncProperty(scenarioArbitrary({ everything: true, ops: 120 }), async (scenario) => {
        const redis = await (player as RedisPlayer).played('known');
        const compared = both(localPlayed(), redis, (what, a, b) =>
          expect(comparable(b), what).to.deep.equal(comparable(a)),
        );
        await play(scenario, compared);
      }),
      { numRuns: Number(process.env['SLUICE_PROPERTY_RUNS'] ?? 60) },
    );
  });
});
