import { expect } from 'chai';
import type { Diagnostic } from '../../engine/model/diagnostic.ts';
import type { SourceDocument } from '../../engine/model/project.ts';
import { readDocument } from '../../engine/read/document.ts';

function documentOf(text: string): SourceDocument {
  const found = readDocument('a.yml', text);
  if (!('file' in found)) throw new Error(JSON.stringify(found));
  return found;
}

function firstMistake(text: string): Diagnostic {
  const found = readDocument('a.yml', text);
  if ('file' in found) throw new Error('expected a mistake');
  return found[0]!;
}

const span = (document: SourceDocument, pointer: string): string => {
  const { line, column, endColumn, text } = document.nodes.get(pointer)!.value;
  return `${line}:${column} ${text.slice(column - 1, endColumn - 1)}`;
};

describe('places of a document', () => {
  const document = documentOf(
    'name: shop\nlist:\n  - {a/b: "x y", m~n: 2}\nblock: |\n  one\n  two\nempty:\n',
  );
  const cases: readonly (readonly [string, string])[] = [
    ['', '1:1 name: shop'],
    ['/name', '1:7 shop'],
    ['/list/0/a~1b', '3:11 "x y"'],
    ['/list/0/m~0n', '3:23 2'],
    ['/block', '4:8 |'],
    ['/empty', '7:1 empty'],
  ];
  for (const [pointer, expected] of cases) {
    it(`finds ${pointer === '' ? 'the root' : pointer} at ${expected}`, () => {
      expect(span(document, pointer)).to.equal(expected);
    });
  }

  it('knows where keys stand', () => {
    expect(document.nodes.get('/list/0/a~1b')?.key).to.include({ line: 3, column: 6, endColumn: 9 });
    expect(document.nodes.get('/list/0')?.key).to.equal(undefined);
  });

  it('leaves carriage returns out of source lines', () => {
    expect(documentOf('a: 1\r\nb: 2\r\n').nodes.get('/b')?.value).to.include({
      line: 2,
      column: 4,
      text: 'b: 2',
    });
  });

  it('gives places below an alias where its anchor stands', () => {
    const aliased = documentOf('a: &a {x: 1}\nb: *a\n');
    expect(aliased.value).to.deep.equal({ a: { x: 1 }, b: { x: 1 } });
    expect(span(aliased, '/b/x')).to.equal('1:11 1');
  });
});

describe('values of a document', () => {
  const cases: readonly (readonly [string, unknown])[] = [
    ['a: no', { a: 'no' }],
    ['a: 12:30', { a: '12:30' }],
    ['a: 2026-01-01', { a: '2026-01-01' }],
    ['a: ~', { a: null }],
    ['%YAML 1.1\n---\na: yes', { a: 'yes' }],
    ['007: x\n1.10: y\nno: z', { '007': 'x', '1.10': 'y', no: 'z' }],
    ['"<<": x', { '<<': 'x' }],
    ['', null],
  ];
  for (const [text, expected] of cases) {
    it(`reads ${JSON.stringify(text)} as ${JSON.stringify(expected)}`, () => {
      expect(documentOf(text).value).to.deep.equal(expected);
    });
  }

  it('keeps a key that is called __proto__ an ordinary key', () => {
    const { value } = documentOf('__proto__: {polluted: true}');
    expect(Object.keys(value as object)).to.deep.equal(['__proto__']);
    expect(({} as { polluted?: boolean }).polluted).to.equal(undefined);
  });
});

describe('traps of YAML', () => {
  const cases: readonly (readonly [string, string | undefined])[] = [
    ['1.10', 'trailing_zero 1.1'],
    ['1.0', 'trailing_zero 1'],
    ['1.', 'trailing_zero 1'],
    ['0123', 'leading_zero 123'],
    ['-007', 'leading_zero -7'],
    ['9007199254740993', 'large_integer 9007199254740992'],
    ['0x1F', 'other_base 31'],
    ['0o17', 'other_base 15'],
    ['1.5', undefined],
    ['0', undefined],
    ['0.5', undefined],
    ['250', undefined],
    ['9007199254740991', undefined],
    ['"1.10"', undefined],
    ['!!str 1.10', undefined],
  ];
  for (const [written, expected] of cases) {
    it(`sees ${expected ?? 'none'} in ${written}`, () => {
      const trap = documentOf(`a: ${written}`).nodes.get('/a')?.trap;
      expect(trap && `${trap.kind} ${trap.read}`).to.equal(expected);
    });
  }
});

describe('files that would exhaust the reader', () => {
  const bomb = ['a: &a [x, x, x, x, x, x, x, x, x]'];
  for (const [before, name] of ['ab', 'bc', 'cd', 'de', 'ef', 'fg', 'gh', 'hi', 'ij']) {
    bomb.push(`${name}: &${name} [${Array(9).fill(`*${before}`).join(', ')}]`);
  }
  const wide = `a: &a [${'1, '.repeat(9000)}1]\n${Array.from({ length: 50 }, (_, at) => `b${at}: *a`).join('\n')}`;
  const cases: readonly (readonly [string, string, string])[] = [
    ['an alias bomb', bomb.join('\n'), 'ETL0004'],
    ['a large value repeated', wide, 'ETL0004'],
    ['an alias of itself', 'a: &a [*a]', 'ETL0004'],
    ['brackets without end', '['.repeat(1024 ** 2), 'ETL0004'],
    ['dashes without end', '- '.repeat(500_000), 'ETL0004'],
    ['keys without end', 'a: '.repeat(300_000), 'ETL0004'],
    ['quotes without end', `"${'\n'.repeat(1_000_000)}`, 'ETL0002'],
  ];
  for (const [what, text, code] of cases) {
    it(`stops at ${what}`, () => {
      const mistake = firstMistake(text);
      expect(mistake.code).to.equal(code);
      expect(mistake.place?.line).to.be.above(0);
    });
  }
});
