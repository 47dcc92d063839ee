import { expect } from 'chai';
import type { FoundProperty, FoundStream } from '../../../engine/model/catalog.ts';
import { columnName } from '../../../engine/model/column-name.ts';
import type * as config from '../../../engine/model/config.ts';
import { discover, inferProperties, uniteAccounts } from '../../../engine/operations/discover/discover.ts';

const property = (id: string, more: Partial<FoundProperty> = {}): FoundProperty => ({
  id,
  name: id,
  path: `properties.${id}`,
  type: 'string',
  ...more,
});

const found = (by: FoundStream['by'], ...properties: readonly FoundProperty[]): FoundStream => ({
  stream: 'deals',
  by,
  properties,
  unknownTypes: [],
});

/** Catalogs one behind the other, a day each, as `etl discover` makes them. */
function life(...findings: readonly FoundStream[]) {
  let before: config.Catalog | undefined;
  const changes: string[][] = [];
  for (const [at, one] of findings.entries()) {
    const made = discover({
      source: 'crm',
      ...(before && { before }),
      found: [one],
      today: `2026-01-0${at + 1}`,
      used: new Map([['crm.deals', ['generated/crm_deals.yml']]]),
    });
    before = made.catalog;
    changes.push(
      made.streams.flatMap((stream) =>
        stream.changes.map(({ kind, property: { id }, text }) => `${kind} ${id}: ${text}`),
      ),
    );
  }
  const properties = before?.streams['deals']?.properties ?? [];
  return { catalog: before, changes: changes.at(-1), properties };
}

const columns = (properties: readonly config.CatalogProperty[]) =>
  properties.map(({ id, column }) => `${id}: ${column}`);

describe('columns of a catalog', () => {
  it('are snake case of plain letters', () => {
    const names = ['dealStage', 'HTTPStatus', 'Größe (cm)', '2nd Name', 'Custom_Field__c', 'a.b-c', '名'];
    expect(names.map(columnName)).to.deep.equal([
      'deal_stage',
      'http_status',
      'grosse_cm',
      'p_2nd_name',
      'custom_field_c',
      'a_b_c',
      '',
    ]);
  });

  it('do not collide, and stay when others come and go', () => {
    const first = [property('Size'), property('size'), property('名')];
    const { properties } = life(
      found('describe', ...first),
      found('describe', ...first.toReversed().slice(0, 2)),
    );
    expect(columns(properties)).to.deep.equal(['名: property', 'Size: size', 'size: size_2']);
  });

  it('are never given to another property, not even of one that is gone', () => {
    const { properties } = life(
      found('describe', property('1', { name: 'tier', path: 'tier' })),
      found('describe', property('2', { name: 'tier', path: 'tier' })),
    );
    expect(columns(properties)).to.deep.equal(['1: tier', '2: tier_2']);
    expect(properties[0]?.removed).to.equal('2026-01-02');
  });
});

describe('a property that is renamed', () => {
  it('keeps its column, and knows all places where it was', () => {
    const named = (name: string) => property('7', { name, path: `properties.${name}` });
    const { properties, changes } = life(...['a', 'b', 'c'].map((name) => found('describe', named(name))));
    expect(properties).to.deep.equal([
      {
        id: '7',
        name: 'c',
        column: 'a',
        path: 'properties.c',
        previously: ['properties.b', 'properties.a'],
        type: 'string',
      },
    ]);
    expect(changes).to.deep.equal(['renamed 7: b → c']);
  });

  it('is not looked for where another property stands now', () => {
    const { properties } = life(
      found('describe', property('1', { name: 'a', path: 'a' })),
      found('describe', property('1', { name: 'b', path: 'b' }), property('2', { name: 'a', path: 'a' })),
    );
    expect(properties.map(({ id, path, previously }) => [id, path, previously])).to.deep.equal([
      ['1', 'b', undefined],
      ['2', 'a', undefined],
    ]);
  });
});

describe('a catalog', () => {
  it('says what has changed, and nothing when nothing has', () => {
    const options = [
      { value: 'a', label: 'A' },
      { value: 'b', label: 'B' },
    ];
    const first = found('describe', property('1', { options }), property('2'), property('3'));
    const second = found(
      'describe',
      property('1', { options: [{ value: 'b', label: 'Beta' }, { value: 'c' }] }),
      property('2', { type: 'double', providerType: 'number', unit: 'kg' }),
      property('4', { archived: true }),
    );
    expect(life(first, second).changes).to.deep.equal([
      'options 1: + c, − a, b: B → Beta',
      'retyped 2: string → double (number)',
      'unit 2: no unit → kg',
      'removed 3: 2026-01-02',
    ]);
    expect(life(first, second, second).catalog).to.deep.equal(life(first, second).catalog);
    expect(life(first, second, first).changes).to.include('restored 3: since 2026-01-02 it was not there');
  });

  it('takes no notice of shares that move a little', () => {
    const seen = (share: number) => found('describe', property('1', { seen: share }));
    const shares = (...all: readonly number[]) => life(...all.map(seen)).properties[0]?.seen;
    expect([
      shares(0.5),
      shares(0.5, 0.58),
      shares(0.5, 0.61),
      shares(0.97, 1),
      shares(0.001),
      shares(0.999),
    ]).to.deep.equal([50, 50, 61, 100, 1, 99]);
    expect(life(seen(0.5), seen(0.58)).catalog?.date).to.equal('2026-01-01');
  });

  it('of records only gets wider, and takes nothing for gone that was not in the sample', () => {
    const { properties, changes } = life(
      found('records', property('a', { type: 'integer' }), property('b')),
      found('records', property('a', { type: 'double' })),
      found('records', property('a', { type: 'integer' })),
    );
    expect(properties.map(({ type, removed }) => [type, removed])).to.deep.equal([
      ['double', undefined],
      ['string', undefined],
    ]);
    expect(changes).to.deep.equal([]);
  });

  it('keeps columns, names and labels between records and descriptions', () => {
    const path = 'properties.x';
    const described = property('17', { name: 'x', label: 'Ex', path });
    const sampled = property(path, { name: path, path });
    expect(columns(life(found('records', sampled), found('describe', described)).properties)).to.deep.equal([
      '17: properties_x',
    ]);
    expect(life(found('describe', described), found('records', sampled)).properties).to.have.length(1);
    expect(life(found('describe', described), found('records', sampled)).properties[0]).to.include({
      id: '17',
      label: 'Ex',
      column: 'x',
    });
  });
});

describe('properties of records', () => {
  const typesOf = (...records: readonly { readonly [key: string]: unknown }[]) =>
    Object.fromEntries(inferProperties(records).map(({ path, type }) => [path, type]));

  it('have the types of their values', () => {
    expect(
      typesOf({
        whole: 1,
        part: 1.5,
        yes: true,
        text: 'a',
        day: '2026-01-31',
        instant: '2026-01-31T10:00:00Z',
        clock: '2026-01-31 10:00:00',
        no_day: '2026-02-45',
        list: [1],
        nothing: null,
        deal: { 'stage.id': 'a', owner: { id: 1 } },
      }),
    ).to.deep.equal({
      whole: 'integer',
      part: 'double',
      yes: 'boolean',
      text: 'string',
      day: 'date',
      instant: 'timestamp',
      clock: 'datetime',
      no_day: 'string',
      list: 'json',
      nothing: 'string',
      "deal['stage.id']": 'string',
      'deal.owner.id': 'integer',
    });
  });

  it('take all values that were seen', () => {
    expect(typesOf({ a: 1, b: 1, c: { x: 1 }, d: '' }, { a: 2.5, b: 'x', c: [1], d: true })).to.deep.equal({
      a: 'double',
      b: 'string',
      c: 'json',
      d: 'boolean',
    });
    const [first] = inferProperties([{ a: 1 }, { a: null }, {}, {}]);
    expect(first).to.include({ nullable: true, seen: 0.25 });
  });

  it('are not as many as a dictionary has keys', () => {
    const dictionary = Object.fromEntries(Array.from({ length: 400 }, (_, at) => [`k${at}`, at]));
    expect(typesOf({ id: 1, dictionary })).to.deep.equal({ id: 'integer', dictionary: 'json' });
  });
});

describe('several accounts', () => {
  it('have one catalog: what one of them has, with the values and types of all', () => {
    const options = (...values: readonly string[]) => ({ options: values.map((value) => ({ value })) });
    const united = uniteAccounts([
      found(
        'describe',
        property('a', { ...options('x', 'y'), label: 'A', seen: 1 }),
        property('b', { archived: true }),
      ),
      found(
        'describe',
        property('a', { ...options('y', 'z'), label: 'Ä', type: 'double', seen: 0.5 }),
        property('b'),
        property('c', { type: 'date' }),
      ),
    ]);
    expect(united?.properties).to.deep.equal([
      property('a', { ...options('x', 'y', 'z'), label: 'A', seen: 0.75 }),
      property('b'),
      property('c', { type: 'date', nullable: true }),
    ]);
  });
});
