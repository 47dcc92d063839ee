import { expect } from 'chai';
import { listingFaults } from '../../bench/faults/causes/listings.ts';
import { networkFaults } from '../../bench/faults/causes/network.ts';
import { signalFaults } from '../../bench/faults/causes/signals.ts';
import { sqliteFaults } from '../../bench/faults/causes/sqlite.ts';
import { warehouseFaults } from '../../bench/faults/causes/warehouse.ts';
import { type Ground, layGround } from '../../bench/faults/ground.ts';
import { sqlitePlace } from '../../bench/faults/staging-place.ts';

const shop = { seed: 7, orders: 300, changed: 90, added: 30 };

/** What is quickly caused; `npm run faults` causes the rest. */
const chosen = [
  'connection cut in mid-body',
  'pages twice, in another order, and older ones last',
  'records changed while they are read',
  'SIGTERM while a page arrives',
  'second Ctrl-C',
  'warehouse opened by another process between two units',
  'load file cut short at the end of a line',
  'disk of the staging database full',
];

describe('a project that meets a fault', function () {
  this.timeout(120_000);
  let ground: Ground | undefined;

  before(async () => {
    ground = await layGround(sqlitePlace, shop);
  });

  after(() => ground?.close());

  const all = [...networkFaults, ...listingFaults, ...signalFaults, ...warehouseFaults, ...sqliteFaults];
  for (const { name, missing, perform } of all.filter((fault) => chosen.includes(fault.name)))
    it(`is whole in the end: ${name}`, async function () {
      const reason = missing?.();
      if (reason !== undefined) {
        console.error(`SKIPPED: ${name}: ${reason}`);
        this.skip();
      }
      const { problems, lost, doubled, refetched } = await perform(ground as Ground);
      expect(problems).to.deep.equal([]);
      expect({ lost, doubled, refetched }).to.deep.equal({ lost: 0, doubled: 0, refetched: 0 });
    });
});
