import { expect } from 'chai';
import type { MappedRows, StagedValue } from '../../engine/model/batch.ts';
import type * as config from '../../engine/model/config.ts';
import { acceptedCase, caseOf, compareCase } from '../../engine/operations/fixtures.ts';
import { mapping, property } from '../support/mappings.ts';

const plan = mapping([
  property('id', 'integer'),
  property('price', 'decimal(18,2)'),
  property('note'),
  property('active', 'boolean'),
]);

/** What a mapping has made: an account, the values, and what is staged beside them. */
const made = (...rows: (readonly StagedValue[])[]): MappedRows => ({
  mapping: 'orders',
  values: rows.flatMap((row) => ['default', ...row, 1, 0, null, 'k', null, 'h', null]),
  lines: new Uint8Array(),
  units: rows.length,
  count: rows.length,
  marks: 0,
  tombstones: 0,
  deduplicated: 0,
  filtered: 0,
  nulled: 0,
  blocked: [],
});

const expecting = (...rows: config.TestCase['rows'] & object): config.TestCase => ({
  name: 'a case',
  records: [{}],
  rows,
});

const differences = (expected: config.TestCase, found: MappedRows): readonly string[] =>
  compareCase(plan, expected, found).differences;

describe('a fixture that differs', () => {
  const found = made(['7', '1.00', '', 1]);

  it('takes equal values for equal, however they are written', () => {
    for (const price of [1, '1', '1.0', '1.00'])
      expect(differences(expecting({ id: 7, price, note: '', active: true }), found)).to.deep.equal([]);
  });

  it('tells texts from numbers, and nothing from an empty text', () => {
    expect(differences(expecting({ price: '1.01', note: null, active: false }), found)).to.deep.equal([
      "row 1, price: expected '1.01', found 1.00 (decimal(18,2))",
      "row 1, note: expected null, found '' (string)",
      'row 1, active: expected false, found true (boolean)',
    ]);
    const text = made(['7', null, '1.00', null]);
    expect(differences(expecting({ price: '', note: 1, active: true }), text)).to.deep.equal([
      "row 1, price: expected '', found null (decimal(18,2))",
      "row 1, note: expected 1, found '1.00' (string)",
      'row 1, active: expected true, found null (boolean)',
    ]);
  });

  it('shows the rows that are too many, and those that are missing', () => {
    expect(differences(expecting(), found)).to.deep.equal([
      'rows: expected 0, found 1',
      "row 1: found, not expected: {id: '7', price: '1.00', note: '', active: true}",
    ]);
    expect(differences(expecting({ id: 7 }, { id: 8 }), found)).to.deep.equal([
      'rows: expected 2, found 1',
      'row 2: expected, not found: {id: 8}',
    ]);
  });

  it('names a property that the mapping does not have', () => {
    expect(differences(expecting({ prise: 1 }), found)).to.deep.equal([
      'row 1, prise: expected 1, but the mapping has no such property; it has id, price, note, active',
    ]);
  });
});

describe('accepting what a mapping makes', () => {
  const found = { ...made(['7', '1.00', '', 1], ['8', '2.00', null, 0]), filtered: 2 };

  it('changes what differs, adds rows, and leaves out what need not be said', () => {
    expect(acceptedCase(plan, expecting({ id: 7, price: 9 }), found)).to.deep.equal({
      values: [{ row: 0, column: 'price', value: '1.00' }],
      rows: 2,
      added: [{ id: '8', price: '2.00', note: null, active: false }],
      filtered: 2,
    });
  });

  it('makes a case that passes', () => {
    const blocked = { ...found, blocked: [{ property: 'price' } as MappedRows['blocked'][number]] };
    const one = caseOf(plan, 'all of it', [{}], blocked);
    expect(one).to.deep.include({ filtered: 2, blocked: [{ property: 'price' }] });
    expect(compareCase(plan, one, blocked).differences).to.deep.equal([]);
  });
});
