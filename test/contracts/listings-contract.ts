import { expect } from 'chai';
import type { Staging } from '../../engine/model/ports.ts';
import type { State } from '../../engine/model/state-port.ts';
import { commitAll, loadAll, mappingPlan } from './staging-samples.ts';

/** What every staging database must know of rows that wait for the end of a listing. */
export function listingsContract(
  name: string,
  open: () => Promise<Staging & { readonly state: State }>,
): void {
  describe(`rows that have waited for the end of a listing on ${name}`, () => {
    const orders = mappingPlan({ id: 'string', price: 'decimal' });
    let staging: Staging & { readonly state: State };

    beforeEach(async () => {
      staging = await open();
      await staging.migrate();
      await staging.prepare(orders);
      await staging.listings.open(['orders'], 'default', 1);
      await commitAll(staging, [{ id: 1, rows: [{ values: ['a', '1'] }] }]);
    });

    afterEach(() => staging.close());

    const pending = async (): Promise<readonly (readonly number[])[]> =>
      (await staging.pendingUnits(orders, 10)).map(({ firstPage, lastPage }) => [firstPage, lastPage]);

    it('are loaded though the warehouse has a load of their pages without them, which a kill kept from being noted', async () => {
      const [unit] = await staging.pendingUnits(orders, 10);
      await staging.listings.close(['orders'], 'default');
      const counts = { staged: 0, inserted: 0, updated: 0, unchanged: 0, superseded: 0, deleted: 0 };
      const theirs = {
        ...{ id: unit?.id ?? '', mapping: 'orders', run: 'run-1', firstPage: 1, lastPage: 1 },
        ...{ counts, loadedAt: '2026-01-31T13:00:00.000Z' },
      };
      expect(await staging.state.positions.recognise('orders', [theirs])).to.equal(0);
      expect(await pending()).to.deep.equal([[1, 1]]);
    });

    it('are loaded though another process was loading their pages without them when the listing ended', async () => {
      const units = await staging.pendingUnits(orders, 10);
      await staging.listings.close(['orders'], 'default');
      await loadAll(staging, units);
      expect(await pending()).to.deep.equal([[1, 1]]);
      await loadAll(staging, await staging.pendingUnits(orders, 10));
      expect(await pending()).to.deep.equal([]);
    });
  });
}
