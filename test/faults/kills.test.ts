import { expect } from 'chai';
import { type Ground, layGround, type Phase } from '../../bench/faults/ground.ts';
import { randomKills } from '../../bench/faults/kills.ts';
import { postgresPlace } from '../../bench/faults/postgres-place.ts';
import { type StagingPlace, sqlitePlace } from '../../bench/faults/staging-place.ts';
import { trial, type Verdict } from '../../bench/faults/trial.ts';
import { queryPostgres, sharedPostgres } from '../support/postgres.ts';

const shop = { seed: 7, orders: 300, changed: 90, added: 30 };

/** Where a kill tells most; `npm run faults` does all of them, and many more instants. */
const boundaries: readonly (readonly [Phase, string])[] = [
  ['first', 'staging: INSERT INTO page_rows ended 7'],
  ['first', 'staging.commit ended 2'],
  ['first', 'warehouse: MERGE INTO main.orders ended 1'],
  ['second', 'staging: INSERT INTO positions ended 1'],
  ['second', 'warehouse: COMMIT ended 1'],
];

/** Nothing lost, nothing twice, no page asked for again, everything accounted for. */
function expectWhole({ kills, lost, doubled, refetched, units, accounted, problems }: Verdict): void {
  expect(problems).to.deep.equal([]);
  expect({ lost, doubled, refetched, unaccounted: units - accounted }).to.deep.equal({
    lost: 0,
    doubled: 0,
    refetched: 0,
    unaccounted: 0,
  });
  expect(kills).to.be.at.least(1);
}

function killed(on: string, place: (test: Mocha.Context) => Promise<StagingPlace>, instants: number): void {
  describe(`a run that is killed, with staging on ${on}`, function () {
    this.timeout(120_000);
    let ground: Ground | undefined;

    before(async function () {
      ground = await layGround(await place(this), shop);
    });

    after(() => ground?.close());

    for (const [phase, at] of boundaries)
      it(`leaves what the next one completes, at ${at} in the ${phase} run`, async () => {
        expectWhole(await trial(ground as Ground, phase, [{ at }]));
      });

    for (const [at, { perform }] of randomKills(instants, 20_261).entries())
      it(`leaves what the next one completes, at instant ${at + 1}`, async () => {
        expectWhole(await perform(ground as Ground));
      });
  });
}

killed('SQLite', async () => sqlitePlace, 3);

killed(
  'PostgreSQL',
  async (test) => {
    const url = await sharedPostgres(test);
    return postgresPlace({
      url: (database) => new URL(`/${database}`, url).href,
      run: async (...statements) => {
        for (const sql of statements) await queryPostgres(url, sql);
      },
    });
  },
  1,
);
