import { expect } from 'chai';
import { parse } from 'yaml';
import { fixtureText, withCases } from '../../engine/read/fixture-text.ts';

const text = `# yaml-language-server: $schema=../.etl/schema.json
kind: test
name: lines
mapping: lines
cases:
  # why this is here
  - name: one
    records:
      - {id: 9007199254740993, price: 3.50}
    rows:
      - {id: "7", price: "3.51"} # the first
      - id: 7 # counted
        price: 9 # stays
  - name: two
    records: [{id: 8}]
    rows: []
    blocked: [{property: price}]
`;

describe('a test file whose cases change', () => {
  it('keeps comments, and all that need not change, to the letter', () => {
    const changes = new Map([
      [
        0,
        {
          values: [
            { row: 0, column: 'price', value: '3.50' },
            { row: 1, column: 'id', value: '8' },
          ],
          rows: 2,
        },
      ],
      [1, { added: [{ id: '8', price: null }], blocked: [], filtered: 1 }],
    ]);
    expect(withCases(text, changes)).to.equal(
      text
        .replace('"3.51"', '"3.50"')
        .replace('id: 7 # counted', 'id: 8 # counted')
        .replace(
          '    rows: []\n    blocked: [{property: price}]\n',
          '    rows:\n      - {id: "8", price: null}\n    filtered: 1\n',
        ),
    );
  });

  it('loses rows and properties that are no longer there', () => {
    const values = [{ row: 0, column: 'price', value: undefined }];
    expect(parse(withCases(text, new Map([[0, { values, rows: 1 }]]))).cases[0].rows).to.deep.equal([
      { id: '7' },
    ]);
  });

  it('writes a number that would lose digits as a text', () => {
    const values = [{ row: 1, column: 'id', value: '9007199254740992' }];
    expect(withCases(text, new Map([[0, { values }]]))).to.contain('- id: "9007199254740992" # counted');
  });
});

describe('a new test file', () => {
  const long = 'x'.repeat(120);
  const test = {
    kind: 'test',
    name: 'lines',
    mapping: 'lines',
    cases: [
      {
        name: 'one',
        records: [{ id: 1, note: long, lines: [{ sku: 'A', n: 1 }] }],
        rows: [{ id: '1', note: long }],
      },
    ],
  } as const;

  it('says the same when it is read, a row to a line, with its modeline', () => {
    const made = fixtureText(
      structuredClone(test) as never,
      '# yaml-language-server: $schema=x',
      'Made of page 1.',
    );
    expect(parse(made)).to.deep.equal(test);
    expect(made).to.match(/^# yaml-language-server: \$schema=x\n# Made of page 1\.\n/);
    expect(made).to.contain(`      - {id: "1", note: ${long}}\n`);
    expect(made).to.contain('        lines: [{sku: A, n: 1}]\n');
  });
});
