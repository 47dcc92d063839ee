import { expect } from 'chai';
import { PacedClock } from '../support/paced-clock.ts';
import { ServedProject } from '../support/served-project.ts';
import { cursor, project, rowsIn, secrets, shopsOf, three } from '../support/shops.ts';

const minuteMs = 60_000;
/** Real milliseconds of a run count so many. */
const speed = 6;

describe('etl serve of a source with accounts', () => {
  before(() => {
    Object.assign(process.env, secrets);
  });

  after(() => {
    for (const name of Object.keys(secrets)) delete process.env[name];
  });

  it('reads accounts that are due at the same time in one run', async function () {
    this.timeout(120_000);
    const shops = await shopsOf(three());
    const folder = project(shops, {
      stream: `${cursor}    schedule: every 10m\n`,
      // Nobody asks the lab: the shops have their own address.
      files: { 'lab/shop/orders.ndjson': '{"id":"1","at":"2026-01-01T00:00:00Z"}\n' },
    });
    const served = await ServedProject.open(
      folder,
      new PacedClock(Date.parse('2026-03-01T00:01:00Z'), speed),
    );
    let draws = 0;
    const random = (): number => {
      draws += 1;
      return (draws * 0.37) % 1;
    };
    try {
      await served.apply();
      const whole = await served.serve(30 * minuteMs, random);
      expect([whole.runs, whole.failed], served.said.join('')).to.deep.equal([3, 0]);
      expect(whole.streams.map(({ account, runs }) => [account, runs])).to.deep.equal([
        ['default', 3],
        ['berlin', 3],
        ['paris', 3],
      ]);
    } finally {
      await served.close();
      await shops.close();
    }
    expect(await rowsIn(folder)).to.have.length(7);
  });
});
