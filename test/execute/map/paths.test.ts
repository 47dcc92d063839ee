import { expect } from 'chai';
import fc from 'fast-check';
import { ExactNumber } from '../../../engine/execute/map/exact-json.ts';
import { Invalid } from '../../../engine/execute/map/invalid.ts';
import { compilePath, isObject } from '../../../engine/execute/map/paths.ts';
import { knownPath, parsePath, pathText, valueAt } from '../../../engine/model/path.ts';
import type { Path, PathSegment } from '../../../engine/model/plan.ts';

const hostile = [
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  'a.b',
  'a b',
  '',
  '$',
  '😀',
  "'",
  '"',
  '\\',
  '`',
  '$' + '{x}',
  '\u2028',
  'toJSON',
  'text',
  'map',
  '0',
  '*',
];
const key = fc.oneof(fc.constantFrom(...hostile), fc.string({ unit: 'binary', maxLength: 4 }));
const segment: fc.Arbitrary<PathSegment> = fc.oneof(
  key.map((name) => ({ key: name })),
  fc.nat(2).map((index) => ({ index })),
);
const path = fc.array(segment, { maxLength: 4 }).map((segments): Path => ({ root: 'record', segments }));
/** As a parser gives it: JSON.stringify writes -0 as 0. */
const json = fc.jsonValue({ depthSize: 'medium' }).map((value): unknown => JSON.parse(JSON.stringify(value)));

/** A document that has something at the path. */
const holding = (segments: readonly PathSegment[], value: unknown): unknown => {
  const [first, ...rest] = segments;
  if (first === undefined) return value;
  const inner = JSON.stringify(holding(rest, value));
  const text =
    'key' in first
      ? `{${JSON.stringify(first.key)}:${inner}}`
      : 'index' in first
        ? `[${'0,'.repeat(first.index)}${inner}]`
        : '0';
  return JSON.parse(text);
};

describe('compiled paths', () => {
  it('read what a walk over own properties reads, whatever the keys', () => {
    fc.assert(
      fc.property(path, json, ({ segments, ...rest }, value) => {
        const document = holding(segments, value);
        const read = compilePath({ ...rest, segments });
        expect(read(document)).to.deep.equal(valueAt(document, { ...rest, segments }));
        expect(read(document)).to.deep.equal(JSON.parse(JSON.stringify(value)));
      }),
      { numRuns: 1000 },
    );
  });

  it('read nothing where there is nothing', () => {
    fc.assert(
      fc.property(path, json, (wanted, value) => {
        const document = JSON.parse(JSON.stringify(value));
        expect(compilePath(wanted)(document)).to.deep.equal(valueAt(document, wanted));
      }),
      { numRuns: 1000 },
    );
  });

  for (const name of ['__proto__', 'constructor', 'toString', 'length', 'map', '__defineGetter__']) {
    it(`find no \`${name}\` that a prototype has`, () => {
      const read = compilePath({ root: 'record', segments: [{ key: 'a' }, { key: name }] });
      for (const value of [{}, [1], 'text', 5, null, new ExactNumber('1')]) {
        expect(read({ a: value })).to.equal(undefined);
      }
    });
  }

  it('find nothing inside an exact number', () => {
    for (const name of ['text', 'toJSON', '#text']) {
      expect(compilePath(knownPath(`['${name}']`))(new ExactNumber('1'))).to.equal(undefined);
    }
    expect(isObject(new ExactNumber('1'))).to.equal(false);
  });

  it('name no value when they hold a wildcard', () => {
    expect(compilePath(knownPath('a[*]'))({ a: [1] })).to.equal(undefined);
    expect(compilePath(knownPath('a.*'))({ a: { '': 1 } })).to.equal(undefined);
    expect(compilePath(knownPath('*.b'))({ a: { b: 1 } })).to.equal(undefined);
  });

  it('cannot run code that a key holds', () => {
    const read = compilePath({ root: 'record', segments: [{ key: '"];globalThis.broken=true;["' }] });
    expect(read({})).to.equal(undefined);
    expect('broken' in globalThis).to.equal(false);
  });

  describe('that choose an element of a list', () => {
    const list = [
      null,
      'text',
      { namespace: 'custom', key: 'size', value: 'L' },
      { namespace: 'other', key: 'color', value: 'blue' },
      { namespace: 'custom', key: 'color', value: { name: 'red' } },
      { key: 5, value: new ExactNumber('5.0') },
    ];
    const at = (path: string, value: unknown = { list }): unknown => compilePath(knownPath(path))(value);

    it('read the one that says so, and go on from there', () => {
      expect(at("list[namespace='custom' and key='color'].value.name")).to.equal('red');
      expect(at(`list[key = "color" and namespace = "custom"]['value'].name`)).to.equal('red');
      expect(at("list[key='5'].value")).to.deep.equal(new ExactNumber('5.0'));
    });

    it('read nothing where there is none, or no list', () => {
      expect(at("list[key='weight'].value")).to.equal(undefined);
      expect(at("list[key='weight']", {})).to.equal(undefined);
      expect(at("list[key='weight']", { list: null })).to.equal(undefined);
      expect(at("list[toString='x']")).to.equal(undefined);
    });

    it('say what is wrong with a list that has several, and with what is no list', () => {
      const told = (path: string, value?: unknown): unknown => {
        const found = at(path, value);
        return found instanceof Invalid ? `${found.code} ${found.reason}` : found;
      };
      expect(told("list[key='color'].value")).to.equal(
        "ETL0537 expected one element [key='color'], got 2 of them",
      );
      expect(told("list[key='color'].value", { list: { key: 'color' } })).to.equal(
        "ETL0537 expected an array that has an element [key='color'], got an object",
      );
    });

    it('are written as they are read', () => {
      for (const text of ["list[key='it\\'s'].value", "a.b[x='1' and y=''][0]"])
        expect(pathText(knownPath(text))).to.equal(text);
      expect(parsePath('list[key=color]')).to.have.property('at', 4);
      expect(parsePath("list[key='a' or key='b']")).to.have.property('at', 4);
    });
  });
});
