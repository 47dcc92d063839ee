import { expect } from 'chai';
import fc from 'fast-check';
import { compareDecimals, parseDecimal } from '../../../engine/execute/map/decimals.ts';
import {
  ExactNumber,
  parseExact,
  stringifyExact,
  toDoubles,
} from '../../../engine/execute/map/exact-json.ts';

const digits = (lengthMax: number): fc.Arbitrary<string> =>
  fc.string({ unit: fc.constantFrom(...'0123456789'), minLength: 1, maxLength: lengthMax });

/** Any number token that JSON allows. */
const numberToken = fc
  .tuple(
    fc.boolean(),
    digits(30).map((text) => text.replace(/^0+(?=\d)/, '')),
    fc.option(digits(30), { nil: undefined }),
    fc.option(fc.tuple(fc.constantFrom('e', 'E', 'e+', 'e-'), digits(3)), { nil: undefined }),
  )
  .map(([negative, whole, fraction, exponent]) =>
    [negative ? '-' : '', whole, fraction === undefined ? '' : `.${fraction}`, exponent?.join('') ?? ''].join(
      '',
    ),
  );

const stringToken = fc
  .oneof(
    fc.string({ unit: 'binary' }),
    numberToken,
    fc.constantFrom('__proto__', '', '$', 'a.b', '"1234567890123456789"'),
  )
  .map((text) => JSON.stringify(text));

const space = fc.constantFrom('', ' ', '\n', '\t ');

/** A JSON text with its number tokens, in order. */
interface Document {
  readonly text: string;
  readonly numbers: readonly string[];
}

const scalar: fc.Arbitrary<Document> = fc.oneof(
  { weight: 3, arbitrary: numberToken.map((text) => ({ text, numbers: [text] })) },
  { weight: 2, arbitrary: stringToken.map((text) => ({ text, numbers: [] })) },
  { weight: 1, arbitrary: fc.constantFrom('true', 'false', 'null').map((text) => ({ text, numbers: [] })) },
);

const { document } = fc.letrec<{ document: Document }>((tie) => ({
  document: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    scalar,
    fc.tuple(fc.array(tie('document'), { maxLength: 5 }), space).map(([items, gap]) => ({
      text: `[${gap}${items.map(({ text }) => text).join(`${gap},${gap}`)}${gap}]`,
      numbers: items.flatMap(({ numbers }) => numbers),
    })),
    fc
      .tuple(
        fc.uniqueArray(fc.tuple(stringToken, tie('document')), { maxLength: 5, selector: ([key]) => key }),
        space,
      )
      .map(([entries, gap]) => ({
        text: `{${entries.map(([key, { text }]) => `${gap}${key}${gap}:${gap}${text}`).join(',')}${gap}}`,
        numbers: entries.flatMap(([, { numbers }]) => numbers),
      })),
  ),
}));

/** Number tokens of a JSON text, by a way of its own: strings are cut out first. */
const numbersIn = (json: string): string[] =>
  json.replace(/"(?:[^"\\]|\\.)*"/g, '""').match(/-?\d[\d.eE+-]*/g) ?? [];

const sameValue = (a: string, b: string): boolean => {
  const [left, right] = [parseDecimal(a), parseDecimal(b)];
  return left !== undefined && right !== undefined && compareDecimals(left, right) === 0;
};

describe('exact JSON', () => {
  it('keeps the exact value of every number, and everything else as JSON.parse has it', () => {
    fc.assert(
      fc.property(document, ({ text, numbers }) => {
        const parsed = parseExact(text);
        expect(toDoubles(parsed)).to.deep.equal(JSON.parse(text));
        // Keys such as "1" move to the front of an object, so the order of numbers says nothing.
        const values = (tokens: readonly string[]): string[] =>
          tokens.map((token) => JSON.stringify(parseDecimal(token))).sort();
        expect(values(numbersIn(stringifyExact(parsed)))).to.deep.equal(values(numbers));
      }),
      { numRuns: 1000 },
    );
  });

  it('keeps the exact value of every number of an array', () => {
    fc.assert(
      fc.property(fc.array(numberToken), (tokens) => {
        const written = numbersIn(stringifyExact(parseExact(`[${tokens.join(',')}]`)));
        expect(written).to.have.length(tokens.length);
        for (const [at, token] of tokens.entries()) {
          expect(sameValue(token, written[at] ?? ''), `${token} became ${written[at]}`).to.equal(true);
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('refuses what JSON.parse refuses, and nothing else', () => {
    const mutated = fc
      .tuple(document, fc.nat(), fc.nat(2), fc.constantFrom('', '"', '0', '.', 'e', '-', ':', ',', '{', ']'))
      .map(([{ text }, at, removed, added]) => {
        const cut = at % (text.length + 1);
        return text.slice(0, cut) + added + text.slice(cut + removed);
      });
    fc.assert(
      fc.property(mutated, (text) => {
        const succeeds = (parse: (text: string) => unknown): boolean => {
          try {
            parse(text);
            return true;
          } catch (error) {
            if (!(error instanceof SyntaxError)) throw error;
            return false;
          }
        };
        expect(succeeds(parseExact)).to.equal(succeeds(JSON.parse));
      }),
      { numRuns: 2000 },
    );
  });

  for (const token of [
    '9007199254740993',
    '1234567890.1234567891',
    '0.10000000000000000001',
    '1e400',
    '-2E-400',
  ]) {
    it(`keeps ${token} as text, wherever it stands`, () => {
      for (const text of [token, `[${token}]`, `{"a":${token}}`, `{"a": [1 , ${token} ]}`, ` ${token}\n`]) {
        expect(stringifyExact(parseExact(text))).to.contain(token);
      }
      expect(parseExact(token)).to.be.instanceOf(ExactNumber);
    });
  }

  for (const token of [
    '9007199254740992',
    '0.1000000000000000',
    '1e5',
    '100000000000000000000',
    '-0',
    '1E-7',
  ]) {
    it(`takes ${token} for the double that it is`, () => {
      expect(parseExact(token)).to.equal(JSON.parse(token));
    });
  }

  it('leaves numbers inside strings and keys alone', () => {
    const text =
      '{"9007199254740993":"9007199254740993 : 9007199254740993","\\"":"\\\\","n":9007199254740993}';
    expect(stringifyExact(parseExact(text))).to.equal(text);
  });

  it('keeps `__proto__` as plain data, beside an exact number and inside it', () => {
    const text = '{"__proto__":{"a":9007199254740993},"b":{"__proto__":9007199254740993}}';
    const parsed = parseExact(text) as { readonly b: object };
    expect(Object.keys(parsed)).to.deep.equal(['__proto__', 'b']);
    expect(Object.getPrototypeOf(parsed)).to.equal(Object.prototype);
    expect(Object.getPrototypeOf(parsed.b)).to.equal(Object.prototype);
    expect(stringifyExact(parsed)).to.equal(text);
  });

  it('lets the last of duplicate keys win', () => {
    expect(stringifyExact(parseExact('{"a":9007199254740993,"a":9007199254740995}'))).to.equal(
      '{"a":9007199254740995}',
    );
  });
});
