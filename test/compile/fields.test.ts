import { expect } from 'chai';
import type * as config from '../../engine/model/config.ts';
import { streamPlan } from '../support/plans.ts';

const mapping = (more: Partial<config.Mapping>): config.Mapping => ({
  kind: 'mapping',
  name: 'deals',
  from: 'shop.orders',
  load: { key: ['id'] },
  properties: {
    id: { from: 'id', type: 'string' },
    stage: { from: "properties['deal.stage']", type: 'string' },
    amount: { from: 'properties.amount', type: 'decimal(18,2)' },
  },
  ...more,
});

const asked = (request: config.StreamRequest, ...mappings: readonly config.Mapping[]) =>
  streamPlan({ request, cursor: { field: 'properties.modified', from: { query: 'since' } } }, mappings)
    .request;

describe('the fields that a request asks for', () => {
  it('are elements of a list in the body, each once, with the cursor', () => {
    const body = { properties: ['name', '{fields.properties}'], filters: [{ value: '{cursor.from}' }] };
    const other = mapping({
      name: 'more',
      properties: { owner: { from: 'properties.owner', type: 'string' } },
    });
    expect(
      asked({ method: 'POST', path: '/search', body: body as never }, mapping({}), other).body,
    ).to.deep.equal({
      properties: ['name', 'modified', 'deal.stage', 'amount', 'owner'],
      filters: [{ value: '{cursor.from}' }],
    });
  });

  it('are a list with commas in a parameter, and begin with the key', () => {
    const { query } = asked({ path: '/query', query: { q: 'SELECT {fields} FROM Deal' } }, mapping({}));
    expect(query['q']).to.equal(
      "SELECT id,properties.modified,properties['deal.stage'],properties.amount FROM Deal",
    );
  });

  it('count what conditions and plain templates read', () => {
    const { query } = asked(
      { path: '/deals', query: { properties: '{fields.properties}' } },
      mapping({
        where: { 'properties.archived': { ne: true } },
        properties: { label: { template: '{{properties.first}} {{{properties.last}}}', type: 'string' } },
      }),
    );
    expect(query['properties']).to.equal('modified,archived,first,last');
  });

  it('are those of the record where a mapping makes a row of each element', () => {
    const { query } = asked(
      { path: '/orders', query: { fields: '{fields}' } },
      mapping({
        each: 'lines',
        properties: {
          sku: { from: 'sku', type: 'string' },
          order: { from: '$parent.number', type: 'string' },
        },
      }),
    );
    expect(query['fields']).to.equal('id,properties.modified,lines,number');
  });

  it('have what a deletion is told by', () => {
    const deletes = [{ by: 'flag', where: { IsDeleted: { eq: true } } }] as const;
    const request = { path: '/query', query: { q: 'SELECT {fields} FROM Deal' } };
    const { query } = streamPlan({ request, deletes: [...deletes] }, [mapping({ properties: {} })]).request;
    expect(query['q']).to.equal('SELECT id,IsDeleted FROM Deal');
  });
});
