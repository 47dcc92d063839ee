import { expect } from 'chai';
import fc from 'fast-check';
import { judged } from '../../support/limit-judged.ts';
import { type Happenings, type Played, play, scenarioArbitrary } from '../../support/limit-scenarios.ts';
import { localPlayed, type RedisPlayer, redisPlayer } from '../../support/limit-stores.ts';
import { forgetKeys, ownPrefix, sharedRedis } from '../../support/redis.ts';

/** Plays scenarios until so many requests were asked for; fails at the first complaint, with the scenario made small. */
async function conforms(
  happenings: Happenings,
  tight: boolean,
  requests: number,
  player: () => Promise<Played>,
): Promise<number> {
  let asked = 0;
  const property = fc.asyncProperty(scenarioArbitrary(happenings), async (scenario) => {
    const { played, checker } = judged(scenario, await player(), tight);
    asked += await play(scenario, played);
    expect(checker.finish(), checker.complaints[0]).to.deep.equal([]);
  });
  const { seed = 0 } = fc.readConfigureGlobal();
  for (let round = 0; asked < requests; round += 1)
    await fc.assert(property, { numRuns: 20, seed: seed + round, ...shrinking });
  return asked;
}

/** A scenario that fails is made smaller for so long; `interruptAfterTimeLimit` counts from the first run. */
const shrinking = { interruptAfterTimeLimit: 30_000, markInterruptAsFailure: false };

const everything: Happenings = { everything: true, ops: 400 };
/** One limit, nobody to take turns with, nothing that would slow it down. */
const alone: Happenings = { everything: false, limits: { least: 1, most: 1 }, ops: 200 };

describe('limits in virtual time, checked by their definitions', function () {
  this.timeout(1_200_000);

  describe('in the process', () => {
    const local = async (): Promise<Played> => localPlayed();

    it('are never exceeded, nor is anything granted inside a freeze, whatever happens', async () => {
      expect(await conforms(everything, false, 100_000, local)).to.be.at.least(100_000);
    });

    it('make nobody wait longer than they must', async () => {
      await conforms(alone, true, 30_000, local);
    });
  });

  describe('in Redis', () => {
    const prefix = ownPrefix();
    const requests = Number(process.env['SLUICE_PROPERTY_REQUESTS'] ?? 5000);
    let player: RedisPlayer | undefined;
    before(async function () {
      player = redisPlayer(await sharedRedis(this), prefix);
    });
    after(async () => {
      await player?.close();
      await forgetKeys(prefix);
    });
    const known = (): Promise<Played> => (player as RedisPlayer).played('known');

    it('are never exceeded, nor is anything granted inside a freeze, whatever happens', async () => {
      expect(await conforms(everything, false, requests, known)).to.be.at.least(requests);
    });

    it('make nobody wait longer than they must', async () => {
      await conforms(alone, true, requests / 2, known);
    });

    it('are not exceeded when Redis loses its state', async () => {
      const happenings: Happenings = {
        everything: true,
        observations: false,
        forgetting: true,
        kinds: ['bucket', 'sliding', 'concurrency'],
        ops: 200,
      };
      await conforms(happenings, false, requests / 2, () => (player as RedisPlayer).played('new'));
    });
  });
});
