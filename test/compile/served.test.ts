import { expect } from 'chai';
import { servedUnder } from '../../engine/engine.ts';
import type { Plan } from '../../engine/model/plan.ts';

const ddl = (mapping: string, ...statements: readonly string[]) => ({
  ...{ kind: 'define', id: `define ${mapping}`, mapping, statements },
});

const plan = (over: object = {}): Plan =>
  ({
    id: 'a'.repeat(64),
    engine: '0.1.0',
    environment: 'production',
    staging: { dialect: 'sqlite', keep: { ageMs: 1 } },
    warehouse: { type: 'duckdb' },
    sources: { shop: { name: 'shop', attemptsMax: 2 }, crm: { name: 'crm' } },
    mappings: {
      orders: { name: 'orders', stream: 'shop.orders', deletes: { streams: [{ stream: 'shop.deleted' }] } },
      items: { name: 'items', stream: 'shop.items' },
      contacts: { name: 'contacts', stream: 'crm.contacts' },
    },
    steps: [ddl('orders'), { kind: 'load', id: 'load orders', mapping: 'orders', statements: ['M'] }],
    ...over,
  }) as unknown as Plan;

const heldBy = (last: Plan | undefined, now: Plan) => {
  const { refused, held } = servedUnder(last, now);
  return {
    refused: refused.map(({ summary }) => summary),
    held: Object.fromEntries(
      [...held].map(([stream, found]) => [stream, found.map(({ summary }) => summary)]),
    ),
  };
};

describe('what is served under the plan that was applied last', () => {
  it('is everything where nothing has changed but retention and schedules', () => {
    const now = plan({
      staging: { dialect: 'sqlite', keep: { ageMs: 2 } },
      schedules: [],
      id: 'b'.repeat(64),
    });
    expect(heldBy(plan(), now)).to.deep.equal({ refused: [], held: {} });
  });

  it('is nothing where no plan was ever applied, or the warehouse is another one', () => {
    expect(heldBy(undefined, plan()).refused).to.deep.equal([
      'no plan was applied in the environment production yet',
    ]);
    expect(heldBy(plan(), plan({ warehouse: { type: 'postgres' } })).refused).to.deep.equal([
      'the warehouse has changed since the plan that was applied last',
    ]);
  });

  it('holds the streams that a changed mapping is made of, and no others', () => {
    const { mappings } = plan();
    const orders = { ...mappings['orders'], hash: 'new' };
    const why = 'the mapping orders has changed since the plan that was applied last';
    expect(heldBy(plan(), plan({ mappings: { ...mappings, orders } }))).to.deep.equal({
      refused: [],
      held: { 'shop.orders': [why], 'shop.deleted': [why] },
    });
  });

  it('holds the stream of a mapping that is gone', () => {
    const { items: _, ...mappings } = plan().mappings;
    expect(Object.keys(heldBy(plan(), plan({ mappings })).held)).to.deep.equal(['shop.items']);
  });

  it('holds all streams of a changed source', () => {
    const { sources } = plan();
    const changed = plan({ sources: { ...sources, shop: { name: 'shop', attemptsMax: 9 } } });
    expect(Object.keys(heldBy(plan(), changed).held)).to.have.members([
      'shop.orders',
      'shop.deleted',
      'shop.items',
    ]);
  });

  it('holds what needs DDL that no applied plan holds, and performs what was agreed to', () => {
    const [, load] = plan().steps;
    const alter = ddl('orders', 'ALTER TABLE orders ADD COLUMN label VARCHAR');
    const needs = plan({ steps: [alter, load] });
    expect(heldBy(plan(), needs).held['shop.orders']).to.deep.equal([
      'the DDL of orders is needed, and no applied plan holds it',
    ]);
    expect(heldBy(needs, needs)).to.deep.equal({ refused: [], held: {} });
  });
});
