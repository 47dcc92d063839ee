import { createHmac } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { expect } from 'chai';
import fc from 'fast-check';

import { subjectHash } from '../../../engine/execute/map/forget.ts';
import { compileStream, type StreamMapper } from '../../../engine/execute/map/map.ts';
import { type Packer, pagePacker } from '../../../engine/execute/map/pack.ts';
import type { MappedPage, MappedRows } from '../../../engine/model/batch.ts';
import type { Forgotten } from '../../../engine/model/forget.ts';
import { knownPath } from '../../../engine/model/path.ts';
import type { StreamPlan } from '../../../engine/model/plan.ts';
import { eraserOf, erasersOf } from '../../support/erasers.ts';
import { bytes, mapping, piiKey, privacy, property, rowsOf, stream, within } from '../../support/mappings.ts';

const orders = stream({ subject: knownPath('customer.id') });
const plan = mapping([property('id'), property('total')]);
const lines = mapping([within('id', '$parent.id'), within('sku', 'sku')], {
  name: 'lines',
  each: knownPath('lines'),
});
const salt = 'salt';

const forgot = (...subjects: string[]): Forgotten => ({
  salt,
  hashes: { 'shop.orders': subjects.map((subject) => subjectHash(salt, subject)) },
});

const mapperOf = (plans: StreamPlan, forgotten?: Forgotten): StreamMapper =>
  compileStream(plans, [plan, lines], piiKey, { forgotten });

const mapped = async (mapper: StreamMapper, records: readonly unknown[]): Promise<MappedPage> => {
  const parsed = mapper.read(bytes({ orders: records }), {});
  if ('transient' in parsed) throw new Error(parsed.summary);
  const page = await mapper.map(parsed, { page: 7 });
  if ('transient' in page) throw new Error(page.summary);
  return page;
};

const kept = ({ body }: Pick<MappedPage, 'body'>) => JSON.parse(gunzipSync(body).toString()).orders;

const idsOf = (rows: MappedRows | undefined, of = plan): unknown[] =>
  rows === undefined ? [] : rowsOf(rows, of).map((row) => row[1]);

const order = (id: string, customer: unknown, more: object = {}) => ({
  id,
  customer: { id: customer, name: `name of ${customer}` },
  total: '1',
  lines: [{ sku: 'a' }, { sku: 'b' }],
  ...more,
});

describe('a stream with persons', () => {
  it('drops records of whoever was forgotten before anything is kept, and counts them', async () => {
    const page = await mapped(mapperOf(orders, forgot('4711')), [order('1', 4711), order('2', 12)]);
    expect(page.forgotten).to.equal(1);
    expect(page.rows.map(({ units, count, filtered }) => [units, count, filtered])).to.deep.equal([
      [2, 1, 1],
      [3, 2, 1],
    ]);
    expect(idsOf(page.rows[0])).to.deep.equal(['2']);
    const [first, second] = kept(page);
    expect(Object.keys(first)).to.deep.equal(['$forgotten', 'id']);
    expect(first.id).to.equal('1');
    expect(second).to.deep.equal(order('2', 12));
  });

  it('keeps a page byte for byte where nobody was forgotten', async () => {
    const page = await mapped(mapperOf(orders, forgot('99')), [order('1', 4711)]);
    expect(page.forgotten).to.equal(undefined);
    expect(gunzipSync(page.body).toString()).to.equal(JSON.stringify({ orders: [order('1', 4711)] }));
  });

  it('makes no rows of a tombstone when the kept page is mapped again, also after it was lifted', async () => {
    const page = await mapped(mapperOf(orders, forgot('4711')), [order('1', 4711), order('2', 12)]);
    for (const forgotten of [forgot('4711'), forgot()]) {
      const again = await mapperOf(orders, forgotten).remap(page.body, { page: 7 });
      expect(again).to.deep.equal(page.rows);
    }
  });

  it('believes no API that a record is a tombstone', async () => {
    const page = await mapped(mapperOf(orders, forgot('4711')), [order('1', 4711)]);
    const [{ $forgotten: mark }] = kept(page);
    expect(mark).to.match(/^[0-9a-f]{64}$/);
    const forged = await mapped(mapperOf(orders, { ...forgot('4711'), salt: 'another' }), [
      order('2', 12, { $forgotten: mark }),
    ]);
    expect(idsOf(forged.rows[0])).to.deep.equal(['2']);
  });

  it('knows a tombstone in a recording, where no API stands behind it', async () => {
    const replayed = compileStream(orders, [plan], piiKey, { tokenised: true });
    const page = await mapped(replayed, [{ $forgotten: 'whatever', id: '1' }, order('2', 12)]);
    expect(idsOf(page.rows[0])).to.deep.equal(['2']);
    expect(page.rows[0]).to.include({ units: 2, filtered: 1 });
  });

  it('hides a primary key that is the person, and keeps a cursor, which pages are read by', async () => {
    const cursor = {
      field: knownPath('seen.at'),
      type: 'integer',
      format: 'iso',
      lookbackMs: 0,
      ends: false,
    } as const;
    const people = stream({ subject: knownPath('id'), primaryKey: [knownPath('id')], cursor });
    const page = await mapped(mapperOf(people, forgot('17')), [{ id: 17, seen: { at: 17 }, name: 'Ann' }]);
    const [tombstone] = kept(page);
    expect(tombstone).to.deep.equal({
      $forgotten: tombstone.$forgotten,
      id: subjectHash(salt, '17'),
      seen: { at: 17 },
    });
    expect(await mapperOf(people, forgot('17')).remap(page.body, { page: 7 })).to.deep.equal(page.rows);
  });

  it('compares tokens where the person is one', async () => {
    const rule = privacy('customer.id', 'hmac', { name: 'trim' }, { name: 'lower' });
    const token = createHmac('sha256', piiKey).update('ann@x').digest('hex');
    const tokenised = stream({ ...orders, privacy: [rule] });
    const mapper = mapperOf(tokenised, forgot(token));
    const page = await mapped(mapper, [order('1', ' Ann@X '), order('2', 'bob@x')]);
    expect(idsOf(page.rows[0])).to.deep.equal(['2']);
    const before = await mapped(mapperOf(tokenised), [order('1', 'ANN@X'), order('2', 'bob@x')]);
    const again = await mapper.remap(before.body, { page: 7 });
    expect('transient' in again ? [] : idsOf(again[0])).to.deep.equal(['2']);
    const eraser = eraserOf(tokenised, [plan], 'ann@X', { piiKey });
    expect(eraser.hash(salt)).to.equal(subjectHash(salt, token));
    expect(eraser.find(before.body, 7)).to.deep.include({ ordinals: [0], keys: ['1'] });
  });

  it('looks nothing up for whoever was forgotten', () => {
    const lookup = {
      name: 'customer',
      path: { texts: ['/customers/', ''], paths: [knownPath('id')] },
      query: [],
      missing: 'null',
      cache: { ttlMs: 1, revalidate: false, bytesMax: 1 },
    } as const;
    const mapper = mapperOf(stream({ ...orders, lookups: [lookup] }), forgot('4711'));
    const parsed = mapper.read(bytes({ orders: [order('1', 4711), order('2', 12)] }), {});
    const enrichment = 'transient' in parsed ? parsed : mapper.enrich?.(parsed);
    expect(enrichment).to.have.deep.property('asks', [{ lookup: 'customer', target: '/customers/2' }]);
  });

  it('says which columns hold the person as it is', () => {
    const people = mapping([
      property('plain', 'string', {
        origin: { kind: 'path', path: knownPath('customer.id'), text: 'customer.id' },
      }),
      property('number', 'integer', {
        origin: { kind: 'path', path: knownPath('customer.id'), text: 'customer.id' },
      }),
      property('changed', 'string', {
        origin: { kind: 'path', path: knownPath('customer.id'), text: 'customer.id' },
        transforms: [{ name: 'lower' }],
      }),
      property('other'),
    ]);
    const columns = (subject: string) =>
      eraserOf(orders, [people], subject, {}).columns.map(({ column, value }) => [column, value]);
    expect(columns('4711')).to.deep.equal([
      ['plain', '4711'],
      ['number', '4711'],
    ]);
    // The integer 7 may be somebody else.
    expect(columns('007')).to.deep.equal([['plain', '007']]);
  });
});

describe('erasing a person from a kept page', () => {
  const all = [plan, lines];

  const remapped = async (body: Uint8Array | undefined, packer: Packer, forgotten?: Forgotten) => {
    const mapper = compileStream(orders, all, piiKey, { packer, forgotten });
    const rows = await mapper.remap(body ?? new Uint8Array(), { page: 7 });
    if ('transient' in rows) throw new Error(rows.summary);
    return rows;
  };

  /** Erases customer 1 from a page with one order of each of these customers. */
  const expectOthers = async (customers: readonly number[], pageKey: string | undefined) => {
    const packer = pagePacker(pageKey);
    const eraser = eraserOf(orders, all, '1', pageKey === undefined ? {} : { pageKey });
    const records = customers.map((customer, at) => order(`o${at}`, customer));
    const body = await packer.pack(bytes({ orders: records }), 7);
    const before = await remapped(body, packer);
    const erased = await eraser.erase(body, 7, salt);
    if ('transient' in erased) throw new Error(erased.summary);
    const theirs = customers.flatMap((one, at) => (one === 1 ? [at] : []));
    expect(erased.ordinals).to.deep.equal(theirs);
    const text = Buffer.from(packer.unpack(erased.body ?? new Uint8Array(), 7) ?? []).toString();
    expect(text).not.to.include('name of 1');
    const after = await remapped(erased.body, packer, forgot());
    for (const [at, of] of all.entries()) {
      const rows = rowsOf(before[at] as MappedRows, of);
      const others = rows.filter((row) => !theirs.includes(Number(row[of.properties.length + 2])));
      expect(rowsOf(after[at] as MappedRows, of)).to.deep.equal(others);
      expect(after[at]).to.have.property('filtered', theirs.length);
    }
  };

  for (const [name, pageKey] of [
    ['compressed', undefined],
    ['encrypted', 'a key for pages'],
  ] as const) {
    it(`leaves the same rows of everybody else when it is mapped again (${name})`, async () => {
      const customers = fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 8 });
      const runs = { numRuns: pageKey === undefined ? 100 : 10 };
      await fc.assert(
        fc.asyncProperty(customers, (some) => expectOthers(some, pageKey)),
        runs,
      );
    });
  }

  it('takes keys that name them off the list of what is gone, and no others', async () => {
    const keyed = (...primaryKey: readonly string[]) =>
      stream({ subject: knownPath('customer.id'), primaryKey: primaryKey.map((path) => knownPath(path)) });
    const listed = ['7', '17', '["7","a"]', '["a","7"]'].map((record) => ({ record, cursor: null }));
    const body = await pagePacker(undefined).pack(bytes(listed), 7);
    const erased = async (...primaryKey: readonly string[]) => {
      const erasers = erasersOf(keyed(...primaryKey), [plan], '7');
      const gone = erasers.find((eraser) => eraser.stream.name.endsWith('~gone'));
      const found = await gone?.erase(body, 7, salt);
      if (found === undefined || 'transient' in found) return undefined;
      const packer = pagePacker(undefined);
      const records = JSON.parse(
        Buffer.from(packer.unpack(found.body ?? new Uint8Array(), 7) ?? []).toString(),
      ) as readonly { readonly record: string }[];
      return [found.ordinals, records.map(({ record }) => (record.length > 60 ? 'hash' : record))];
    };
    expect(await erased('customer.id')).to.deep.equal([[0], ['hash', '17', '["7","a"]', '["a","7"]']]);
    expect(await erased('id', 'customer.id')).to.deep.equal([[3], ['7', '17', '["7","a"]', 'hash']]);
    // Where no key names anybody, there is nothing to take off.
    expect(await erased('id')).to.equal(undefined);
  });

  it('says what it cannot read', async () => {
    const eraser = eraserOf(orders, [plan], '1', {});
    const body = await pagePacker(undefined).pack(bytes({ other: [] }), 7);
    expect(eraser.find(body, 7)).to.have.property('code', 'ETL0506');
    const sealed = await pagePacker('a key').pack(bytes({ orders: [] }), 7);
    expect(eraser.find(sealed, 7)).to.have.property('code', 'ETL0540');
    expect(await eraser.erase(sealed, 7, salt)).to.have.property('code', 'ETL0540');
  });
});
