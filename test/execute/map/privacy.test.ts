import { createHmac } from 'node:crypto';
import { expect } from 'chai';
import fc from 'fast-check';
import { ExactNumber, parseExact, stringifyExact } from '../../../engine/execute/map/exact-json.ts';
import { compilePrivacy } from '../../../engine/execute/map/privacy.ts';
import { knownPath } from '../../../engine/model/path.ts';
import type { PrivacyPlan } from '../../../engine/model/plan.ts';
import { keptBody, mapBody, mapping, piiKey, privacy, property, stream } from '../../support/mappings.ts';

const token = (text: string): string => createHmac('sha256', piiKey).update(text).digest('hex');

const sanitised = (record: unknown, ...plans: PrivacyPlan[]): unknown => {
  const copy = parseExact(stringifyExact(record));
  compilePrivacy(plans, piiKey)?.(copy);
  return JSON.parse(stringifyExact(copy));
};

describe('privacy', () => {
  it('drops what redact names, at any depth and through wildcards', () => {
    const record = { a: { note: 1, b: 2 }, c: { note: 3 }, note: 4, list: [{ x: 1, y: 2 }, { x: 3 }] };
    expect(sanitised(record, privacy('*.note', 'drop'), privacy('list[*].x', 'drop'))).to.deep.equal({
      a: { b: 2 },
      c: {},
      note: 4,
      list: [{ y: 2 }, {}],
    });
    expect(sanitised(record, privacy('list[1]', 'drop'), privacy('a', 'drop'))).to.deep.equal({
      c: { note: 3 },
      note: 4,
      list: [{ x: 1, y: 2 }, null],
    });
  });

  it('reaches elements by what they say, every one that says it, and nothing else', () => {
    const record = {
      list: [
        { key: 'vat', ns: 'a', value: 'DE1', type: 'x' },
        { key: 'size', ns: 'a', value: 'L', type: 'y' },
        { key: 'vat', ns: 'b', value: 'DE2', type: 'z' },
        { key: 'vat', ns: 'a', value: 'DE3', type: 'x' },
        null,
      ],
    };
    const rules = [
      privacy("list[key='vat' and ns='a'].value", 'drop'),
      privacy("list[key='vat'].value", 'hmac'),
      privacy('list[*].type', 'drop'),
      privacy('list[3].ns', 'drop'),
    ];
    const expected = {
      list: [
        { key: 'vat', ns: 'a' },
        { key: 'size', ns: 'a', value: 'L' },
        { key: 'vat', ns: 'b', value: token('DE2') },
        { key: 'vat' },
        null,
      ],
    };
    expect(sanitised(record, ...rules)).to.deep.equal(expected);
    expect(sanitised(record, ...[...rules].reverse())).to.deep.equal(expected);
    expect(sanitised(record, privacy("list[key='vat']", 'drop'))).to.deep.equal({
      list: [null, record.list[1], null, null, null],
    });
    expect(sanitised({ list: 'none' }, ...rules)).to.deep.equal({ list: 'none' });
  });

  it('leaves the first characters of what is truncated, whole characters, after its transforms', () => {
    const plan = (path: string, keep: number): PrivacyPlan => ({
      path: knownPath(path),
      action: 'truncate',
      keep,
      transforms: [{ name: 'trim' }],
    });
    const record = {
      zip: ' 10115 ',
      born: '1984-05-12',
      smile: '😀😀😀',
      none: null,
      list: ['a'],
      short: 'ab',
    };
    const rules = Object.keys(record).map((path) => plan(path, path === 'born' ? 4 : 2));
    const once = sanitised(record, ...rules);
    expect(once).to.deep.equal({
      zip: '10',
      born: '1984',
      smile: '😀😀',
      none: null,
      list: null,
      short: 'ab',
    });
    expect(sanitised(once, ...rules)).to.deep.equal(once);
  });

  it('replaces texts, numbers and booleans by tokens of their text', () => {
    const record = { text: 'Ada', number: 5, exact: new ExactNumber('12345678901234567890.0'), flag: true };
    expect(sanitised(record, privacy('*', 'hmac'))).to.deep.equal({
      text: token('Ada'),
      number: token('5'),
      exact: token('12345678901234567890'),
      flag: token('true'),
    });
  });

  it('replaces objects and arrays by tokens of their JSON', () => {
    const record = { a: { b: [1] }, c: [new ExactNumber('9007199254740993')] };
    expect(sanitised(record, privacy('*', 'hmac'))).to.deep.equal({
      a: token('{"b":[1]}'),
      c: token('[9007199254740993]'),
    });
  });

  it('transforms before it makes the token', () => {
    const plan = privacy('email', 'hmac', { name: 'trim' }, { name: 'lower' });
    expect(sanitised({ email: ' Ada@X.org ' }, plan)).to.deep.equal({ email: token('ada@x.org') });
  });

  it('makes a token of a text that cannot be transformed', () => {
    const plan = privacy('phone', 'hmac', { name: 'shift', places: 1 });
    expect(sanitised({ phone: 'private' }, plan)).to.deep.equal({ phone: token('private') });
  });

  it('leaves null, missing and empty values as they are', () => {
    const plans = [privacy('a', 'hmac'), privacy('b', 'hmac'), privacy('c', 'hmac')];
    expect(sanitised({ a: null, b: '' }, ...plans)).to.deep.equal({ a: null, b: '' });
    expect(sanitised({ a: '  ' }, privacy('a', 'hmac', { name: 'trim' }))).to.deep.equal({ a: '' });
    const nulled = privacy('a', 'hmac', { name: 'trim' }, { name: 'null_if_empty' });
    expect(sanitised({ a: '  ' }, nulled)).to.deep.equal({ a: null });
  });

  it('makes one token where several rules meet, and drops rather than tokenises', () => {
    const record = { a: { email: 'x' }, b: { email: 'y' } };
    expect(sanitised(record, privacy('*.email', 'hmac'), privacy('a.email', 'hmac'))).to.deep.equal({
      a: { email: token('x') },
      b: { email: token('y') },
    });
    expect(sanitised(record, privacy('*.email', 'hmac'), privacy('a.email', 'drop'))).to.deep.equal({
      a: {},
      b: { email: token('y') },
    });
    expect(sanitised(record, privacy('a', 'drop'), privacy('*.email', 'hmac'))).to.deep.equal({
      b: { email: token('y') },
    });
  });

  it('applies wildcards beside names', () => {
    const record = { a: { email: 'x', phone: 'y' }, list: [{ email: 'x', phone: 'y' }] };
    const plans = ['*.email', 'a.phone', 'list[*].email', 'list[0].phone'].map((path) =>
      privacy(path, 'drop'),
    );
    expect(sanitised(record, ...plans)).to.deep.equal({ a: {}, list: [{}] });
  });

  it('reaches `__proto__` as data and changes no prototype', () => {
    const record = JSON.parse('{"__proto__":{"secret":"s"},"constructor":"t"}');
    compilePrivacy([privacy('__proto__.secret', 'hmac'), privacy('constructor', 'drop')], piiKey)?.(record);
    expect(JSON.stringify(record)).to.equal(`{"__proto__":{"secret":"${token('s')}"}}`);
    expect('secret' in {}).to.equal(false);
  });

  it('leaves tokens of a kept page alone, and makes those that are missing', () => {
    const again = compilePrivacy([privacy('a', 'hmac'), privacy('b', 'hmac')], piiKey, true);
    const record = { a: token('x'), b: 'y' };
    again?.(record);
    expect(record).to.deep.equal({ a: token('x'), b: token('y') });
  });

  it('refuses to go on without a key', () => {
    expect(() => compilePrivacy([privacy('a', 'hmac')], undefined)).to.throw('Assertion failed');
    expect(compilePrivacy([privacy('a', 'drop')], undefined)).to.be.a('function');
  });

  it('leaves no byte of a redacted value in the kept body, in rows or in blocked rows', async () => {
    const secret = fc.uuid().map((text) => `secret-${text}`);
    const record = fc.record({
      id: fc.uuid(),
      email: secret,
      note: secret,
      tags: fc.array(secret),
      deep: fc.array(fc.record({ name: secret })),
    });
    const plans = [
      privacy('email', 'hmac'),
      privacy('note', 'drop'),
      privacy('tags[*]', 'hmac'),
      privacy('deep[*].name', 'drop'),
    ];
    const plan = mapping([
      property('id'),
      property('email', 'integer'),
      property('tags', 'json'),
      property('deep', 'json', { onInvalid: 'set_null' }),
      property('all', 'string', {
        origin: { kind: 'template', template: '{{email}}{{note}}{{tags}}{{deep.0.name}}' },
      }),
      property('expr', 'json', { origin: { kind: 'expr', expr: '$' } }),
    ]);
    await fc.assert(
      fc.asyncProperty(fc.array(record, { minLength: 1, maxLength: 4 }), async (orders) => {
        const page = await mapBody({ orders }, plan, stream({ privacy: plans }));
        expect(keptBody(page)).to.contain(orders[0]?.id);
        expect(keptBody(page)).not.to.contain('secret-');
        expect(JSON.stringify('rows' in page ? page.rows : page)).not.to.contain('secret-');
      }),
      { numRuns: 50 },
    );
  });
});
