import { expect } from 'chai';
import fc from 'fast-check';
import { judged } from '../../support/limit-judged.ts';
import { type Happenings, type Played, play, scenarioArbitrary } from '../../support/limit-scenarios.ts';
import { localPlayed, redisPlayer } from '../../support/limit-stores.ts';
import { type Mutation, withMutant } from '../../support/mutant.ts';
import { forgetKeys, ownPrefix, sharedRedis } from '../../support/redis.ts';

type StateModule = typeof import('../../../engine/services/limiter/local/budget-state.ts');
type RedisModule = typeof import('../../../engine/services/limiter/redis/redis-store.ts');

interface Change {
  readonly name: string;
  readonly happenings: Happenings;
  readonly local?: Mutation;
  readonly redis: Mutation;
}

const busy: Happenings = { everything: true, observations: false, ops: 300 };
const of = (...kinds: string[]): Happenings => ({ ...busy, kinds });

const changes: readonly Change[] = [
  {
    name: 'frozen budgets that are not looked at',
    happenings: busy,
    local: { file: 'local/budget-state.js', from: 'if (held !== undefined)', to: 'if (false)' },
    redis: { file: 'lua/ask.lua', from: 'if freeze then', to: 'if false then' },
  },
  {
    name: 'more than one request tried after a freeze',
    happenings: busy,
    local: { file: 'local/freezes.js', from: 'if (!half || nowUs >= probeUntilUs)', to: 'if (true)' },
    redis: {
      file: 'lua/freezes.lua',
      from: 'if not freeze.half or now >= freeze.probeUntilUs then',
      to: 'if true then',
    },
  },
  {
    name: 'reservations beyond the horizon',
    happenings: busy,
    local: { file: 'local/budget-state.js', from: 'slot > nowUs + horizonUs', to: 'false' },
    redis: { file: 'lua/ask.lua', from: 'slot > now + ask.horizonUs and binding', to: 'false' },
  },
  {
    name: 'a burst of one more',
    happenings: of('bucket'),
    local: { file: 'local/allowance.js', from: 'shape.burst + said', to: 'shape.burst + 1 + said' },
    redis: { file: 'lua/allowance.lua', from: 'shape.burst + said', to: 'shape.burst + 1 + said' },
  },
  {
    name: 'a bucket that does not count from the slot',
    happenings: busy,
    local: { file: 'local/taking.js', from: 'Math.max(arrival, slot) + limit', to: 'arrival + limit' },
    redis: {
      file: 'lua/taking.lua',
      from: 'math.max(arrival, ticket.slotUs) + limit',
      to: 'arrival + limit',
    },
  },
  {
    name: 'a refund of what has run out by itself',
    happenings: of('bucket'),
    local: { file: 'local/taking.js', from: 'Math.min(units, least)', to: 'units' },
    redis: { file: 'lua/giving-back.lua', from: 'back = math.min(units, dip[2])', to: 'back = units' },
  },
  {
    name: 'a window that is shorter than declared',
    happenings: of('sliding'),
    local: {
      file: 'local/slots.js',
      from: 'atUs > fromUs - shape.windowUs',
      to: 'atUs > fromUs - shape.windowUs / 2',
    },
    redis: {
      file: 'lua/slots.lua',
      from: 'slot = entry[1] + windowUs end',
      to: 'slot = entry[1] + windowUs / 2 end',
    },
  },
  {
    name: 'a boundary of a calendar window without care',
    happenings: of('fixed'),
    local: { file: 'local/slots.js', from: 'past + cost > count', to: 'false' },
    redis: { file: 'lua/slots.lua', from: 'before.past + cost > count', to: 'false' },
  },
  {
    name: 'one lease too many',
    happenings: of('concurrency'),
    local: { file: 'local/slots.js', from: 'ends.length < countOf', to: 'ends.length <= countOf' },
    redis: { file: 'lua/slots.lua', from: 'held < countOf', to: 'held <= countOf' },
  },
  {
    name: 'a clock that is believed when it goes back',
    happenings: of('sliding', 'bucket'),
    local: { file: 'local/budget-state.js', from: 'Math.max(this.data.nowUs, now)', to: 'now' },
    redis: { file: 'lua/domain.lua', from: 'math.max(now, domain.nowUs or 0)', to: 'now' },
  },
  {
    name: 'no cold start',
    happenings: { ...busy, forgetting: true, kinds: ['bucket', 'sliding'] },
    redis: { file: 'lua/slots.lua', from: 'if state.fresh then makeCold', to: 'if false then makeCold' },
  },
];

/** The first complaint about what a limiter does; undefined when there is none. */
async function complaint(
  happenings: Happenings,
  runs: number,
  player: () => Promise<Played>,
): Promise<string | undefined> {
  let found: string | undefined;
  const property = fc.asyncProperty(scenarioArbitrary(happenings), async (scenario) => {
    const { played, checker } = judged(scenario, await player(), false);
    await play(scenario, played);
    found ??= checker.finish()[0];
    return found === undefined;
  });
  await fc.check(property, { numRuns: runs, endOnFailure: true });
  return found;
}

describe('a limiter with a mistake is caught', function () {
  this.timeout(120_000);

  describe('in the process', () => {
    for (const { name, happenings, local } of changes)
      if (local !== undefined)
        it(name, () =>
          withMutant<StateModule>(local, 'local/budget-state.js', async ({ BudgetState, newBudgetData }) => {
            const player = async (): Promise<Played> => localPlayed(new BudgetState(newBudgetData()));
            expect(await complaint(happenings, 2000, player)).to.be.a('string');
          }),
        );
  });

  describe('in Redis', () => {
    const prefix = ownPrefix();
    let url = '';
    before(async function () {
      url = await sharedRedis(this);
    });
    after(() => forgetKeys(prefix));
    for (const { name, happenings, redis } of changes)
      it(name, () =>
        withMutant<RedisModule>(redis, 'redis/redis-store.js', async ({ redisStore }) => {
          const player = redisPlayer(url, `${prefix}-${name.replace(/\W/g, '-')}`, redisStore);
          const known = happenings.forgetting === true ? 'new' : 'known';
          try {
            expect(await complaint(happenings, 500, () => player.played(known))).to.be.a('string');
          } finally {
            await player.close();
          }
        }),
      );
  });
});
