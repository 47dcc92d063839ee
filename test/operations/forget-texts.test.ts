import { expect } from 'chai';

import { knownPath } from '../../engine/model/path.ts';
import { mentions, withoutNames, withoutPerson } from '../../engine/operations/forget-texts.ts';
import { eraserOf } from '../support/erasers.ts';
import { mapping, property, stream } from '../support/mappings.ts';

const eraser = eraserOf(
  stream({ subject: knownPath('customer.id') }),
  [mapping([property('id')])],
  '4711',
  {},
);

const person = {
  erasers: [eraser],
  keys: new Map([['shop.orders', new Set(['o7'])]]),
  texts: new Set(['Ann Quill', 'de', '19.90']),
};

const blocked = (record: string, over: object = {}) => ({
  mapping: 'orders',
  record,
  property: 'born',
  reason: 'not a date',
  value: 'secret',
  ...over,
});

const finding = (code: string, summary: string, help: readonly string[] = []) => ({
  code,
  severity: 'error',
  summary,
  help,
});

describe('texts about a person', () => {
  it('are whole words, of three characters at least', () => {
    const says = mentions(person);
    expect(says('customer 4711 is odd')).to.equal(true);
    expect(says('"Ann Quill"')).to.equal(true);
    expect(says('47110 and a4711')).to.equal(false);
    expect(says('de')).to.equal(false);
  });

  it('are taken out of URLs and JSON as they are written there', () => {
    const names = { erasers: [eraserOf(stream({ subject: knownPath('mail') }), [], 'ann b@x', {})] };
    const without = withoutNames(names);
    expect(without('/o?after=ann%20b%40x&x=1')).to.equal('/o?after=forgotten&x=1');
    expect(without('/o?after=%22ann+b%40x%22')).to.equal('/o?after=%22forgotten%22');
    expect(without('"ann b@x" joann b@x ann b@xy')).to.equal('"forgotten" joann b@x ann b@xy');
    expect(withoutNames(person)('?page=4711&n=14711')).to.equal('?page=forgotten&n=14711');
  });

  it('go from the report of a run, and everything else stays as it is', () => {
    const report = {
      run: 'r',
      streams: [{ stream: 'shop.orders', received: 4711 }],
      blocked: [
        blocked('o7'),
        blocked('o8'),
        blocked('o9', { value: 'Ann Quill' }),
        blocked('o7', { mapping: 'x' }),
      ],
      diagnostics: [
        finding('ETL0512', 'shop.orders, page 3: no date', ['It was: on a rainy day']),
        finding('ETL0512', 'crm.people, page 3: no date', ['It was: on a rainy day']),
        finding('ETL0610', '1 of 3 rows, first: 4711'),
        finding('ETL0416', 'shop.orders ignores its filter'),
      ],
    };
    const text = `${JSON.stringify(report, null, 2)}\n`;
    const changed = JSON.parse(withoutPerson(person)(text));
    expect(changed).to.deep.equal({
      ...report,
      blocked: [
        blocked('o7', { reason: 'forgotten', value: 'forgotten' }),
        blocked('o8'),
        blocked('o9', { value: 'forgotten' }),
        blocked('o7', { mapping: 'x' }),
      ],
      diagnostics: [
        finding('ETL0512', 'forgotten', ['forgotten']),
        report.diagnostics[1],
        finding('ETL0610', 'forgotten'),
        report.diagnostics[3],
      ],
    });
    expect(withoutPerson(person)(JSON.stringify(changed, null, 2))).to.equal(
      JSON.stringify(changed, null, 2),
    );
  });

  it('go from lines, one by one, and from a line that was cut', () => {
    const lines = [
      JSON.stringify({ step: 'load', diagnostics: [] }),
      JSON.stringify({ step: 'check', diagnostics: [finding('ETL0610', 'first: 4711')] }),
      '{"step":"check","diagnostics":[{"summary":"first: 4711',
    ];
    expect(withoutPerson(person)(lines.join('\n')).split('\n')).to.deep.equal([
      lines[0],
      JSON.stringify({ step: 'check', diagnostics: [finding('ETL0610', 'forgotten')] }),
      '',
    ]);
  });
});
