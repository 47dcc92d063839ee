import { stripVTControlCharacters } from 'node:util';
import { expect } from 'chai';
import type { Diagnostic } from '../../engine/model/diagnostic.ts';
import { diagnosticText } from '../../engine/report/diagnostic-text.ts';

const at = (text: string, part: string, line = 7): Diagnostic => ({
  code: 'ETL0103',
  severity: 'error',
  summary: '`bearr` is not a valid type',
  place: {
    file: 'sources/orders.yml',
    line,
    column: text.indexOf(part) + 1,
    endColumn: text.indexOf(part) + part.length + 1,
    text,
  },
  label: 'did you mean `bearer`?',
  help: ['one of: none, api_key, bearer, basic'],
});

const lines = (diagnostic: Diagnostic): readonly string[] => diagnosticText(diagnostic, false).split('\n');

describe('the text of a diagnostic', () => {
  it('shows code, place, source line, caret and help', () => {
    expect(diagnosticText(at('    type: bearr', 'bearr'), false)).to.equal(
      [
        'error[ETL0103]: `bearr` is not a valid type',
        ' --> sources/orders.yml:7:11',
        '  |',
        '7 |     type: bearr',
        '  |           ^^^^^ did you mean `bearer`?',
        '  = help: one of: none, api_key, bearer, basic',
      ].join('\n'),
    );
  });

  it('widens the gutter with the line number', () => {
    expect(lines(at('type: bearr', 'bearr', 1234)).slice(1, 5)).to.deep.equal([
      '    --> sources/orders.yml:1234:7',
      '     |',
      '1234 | type: bearr',
      '     |       ^^^^^ did you mean `bearer`?',
    ]);
  });

  const aligned: readonly (readonly [string, string, number])[] = [
    ['tabs', '\t\tbearr', 8],
    ['wide characters', '日本: bearr', 6],
    ['emoji', '👍 bearr', 3],
    ['combining marks', 'e\u0301e\u0301 bearr', 3],
    ['control characters', '\u001b[31m bearr', 6],
  ];
  for (const [what, text, columns] of aligned) {
    it(`keeps the caret aligned after ${what}`, () => {
      expect(lines(at(text, 'bearr'))[4]).to.match(new RegExp(`^ {2}\\| {${columns + 1}}\\^{5} `));
    });
  }

  it('cuts a long line on both sides of the caret', () => {
    const [, , , source = '', caret = ''] = lines(at(`${'a'.repeat(500)}bearr${'b'.repeat(500)}`, 'bearr'));
    expect(source)
      .to.have.length.below(170)
      .and.match(/^7 \| …a+bearrb+…$/);
    expect(caret.indexOf('^')).to.equal(source.indexOf('bearr'));
  });

  it('cuts a long value after its beginning', () => {
    const [, , , source = ''] = lines(at(`type: ${'x'.repeat(900)}`, 'x'.repeat(900)));
    expect(source).to.have.length.below(170).and.match(/…$/);
  });

  it('obeys nothing in a text that comes from a file', () => {
    const hostile = { ...at('\u001b]0;x\u0007 bearr', 'bearr'), summary: 'a\u001b[2Jb\nc\u202e' };
    for (const character of ['\u001b', '\u0007', '\u202e']) {
      expect(diagnosticText(hostile, false)).not.to.contain(character);
    }
  });

  it('colours only when asked', () => {
    const coloured = diagnosticText(at('type: bearr', 'bearr'), true);
    expect(coloured).to.contain('\u001b[1;31merror[ETL0103]\u001b[0m');
    expect(stripVTControlCharacters(coloured)).to.equal(diagnosticText(at('type: bearr', 'bearr'), false));
  });

  it('has no frame without a place', () => {
    const { place: _, ...rest } = at('', '');
    expect(lines(rest)).to.deep.equal([
      'error[ETL0103]: `bearr` is not a valid type',
      '  = help: one of: none, api_key, bearer, basic',
    ]);
  });
});
