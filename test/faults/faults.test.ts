import { expect } from 'chai';
import { listingFaults } from '../../bench/faults/causes/listings.ts';
import { signalFaults } from '../../bench/faults/causes/signals.ts';
import { sqliteFaults } from '../../bench/faults/causes/sqlite.ts';
import { warehouseFaults } from '../../bench/faults/causes/warehouse.ts';
import { type Ground, layGround, type Phase } from '../../bench/faults/ground.ts';
import { randomKills } from '../../bench/faults/kills.ts';
import { postgresPlace } from '../../bench/faults/postgres-place.ts';
import { type StagingPlace, sqlitePlace } from '../../bench/faults/staging-place.ts';
import { trial, type Verdict } from '../../bench/faults/trial.ts';
import { queryPostgres, sharedPostgres } from '../support/postgres.ts';

const shop = { seed: 7, orders: 300, changed: 90, added: 30 };

type Boundary = readonly [Phase, string];

/** Nothing lost, nothing twice, no page asked for again, everything accounted for. */
function expectWhole({ lost, doubled, refetched, units, accounted, problems }: Verdict): void {
  expect(problems).to.deep.equal([]);
  const unaccounted = units - accounted;
  expect({ lost, doubled, refetched, unaccounted }).to.deep.equal({
    lost: 0,
    doubled: 0,
    refetched: 0,
    unaccounted: 0,
  });
}

/** A few of the trials of `npm run faults`, which does all of them. */
function killed(ground: () => Ground, boundaries: readonly Boundary[], instants: number): void {
  for (const [phase, at] of boundaries)
    it(`is whole after a kill when ${at} in the ${phase} run`, async () => {
      const verdict = await trial(ground(), phase, [{ at }]);
      expect(verdict.kills).to.equal(1);
      expectWhole(verdict);
    });
  for (const [at, { perform }] of randomKills(instants, 20_261).entries())
    it(`is whole after a kill at any instant, ${at + 1}`, async () => {
      const verdict = await perform(ground());
      expect(verdict.kills).to.be.at.least(1);
      expectWhole(verdict);
    });
}

const groundOn = async (place: StagingPlace): Promise<Ground> => layGround(place, { shop });

describe('a project with staging on SQLite', function () {
  this.timeout(120_000);
  let ground: Ground | undefined;

  before(async () => {
    ground = await groundOn(sqlitePlace);
  });

  after(() => ground?.close());

  killed(
    () => ground as Ground,
    [
      ['first', 'staging: INSERT INTO page_rows ended 7'],
      ['first', 'staging.commit ended 2'],
      ['second', 'warehouse: COMMIT ended 1'],
      // What leaves tables: found by a sweep, and taken out of them.
      ['second', 'staging: INSERT INTO memory ended 1'],
      ['second', 'warehouse: UPDATE main.cart_items ended 1'],
    ],
    1,
  );

  /** What is quickly caused. */
  const chosen = [
    'pages twice, in another order, and older ones last',
    'SIGTERM while a page arrives',
    'second Ctrl-C',
    'load file cut short at the end of a line',
    'disk of the staging database full',
  ];
  const all = [...listingFaults, ...signalFaults, ...warehouseFaults, ...sqliteFaults];
  for (const { name, missing, perform } of all.filter((fault) => chosen.includes(fault.name)))
    it(`is whole in the end: ${name}`, async function () {
      const reason = missing?.();
      if (reason !== undefined) {
        console.error(`SKIPPED: ${name}: ${reason}`);
        this.skip();
      }
      expectWhole(await perform(ground as Ground));
    });
});

describe('a project with staging on PostgreSQL', function () {
  this.timeout(120_000);
  let ground: Ground | undefined;

  before(async function () {
    const url = await sharedPostgres(this);
    const run = async (...statements: readonly string[]): Promise<void> => {
      for (const sql of statements) await queryPostgres(url, sql);
    };
    ground = await groundOn(postgresPlace({ url: (database) => new URL(`/${database}`, url).href, run }));
  });

  after(() => ground?.close());

  killed(() => ground as Ground, [['first', 'staging: COMMIT ended 1']], 1);
});
