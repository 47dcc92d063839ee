import type * as config from '../model/config.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import type { SourceDocument } from '../model/project.ts';
import { below, complain, keyPlace, valuePlace } from './places.ts';

type Complain = (keys: readonly string[], summary: string, label: string, help: string) => Diagnostic;

/** Settings of a stream that do not fit the way its bodies are written. */
export function bodyMistakes(
  document: SourceDocument,
  pointer: string,
  stream: config.Stream,
): readonly Diagnostic[] {
  const { format = 'json', csv } = stream;
  const atKey: Complain = (keys, summary, label, help) =>
    complain('ETL0246', keyPlace(document, below(pointer, ...keys)), summary, { label, help: [help] });
  const isTable = format === 'csv' || format === 'tsv';
  return [
    ...(format === 'json' ? plainMistakes(stream, atKey) : lineMistakes(stream, format, atKey)),
    ...(csv === undefined || isTable
      ? []
      : [atKey(['csv'], '`csv` does not fit this format', `the format is ${format}`, 'Say `format: csv`.')]),
    ...(isTable && csv !== undefined ? csvMistakes(document, `${pointer}/csv`, csv, format) : []),
  ];
}

const plainMistakes = ({ rowCount }: config.Stream, atKey: Complain): readonly Diagnostic[] =>
  rowCount === undefined
    ? []
    : [
        atKey(
          ['rowCount'],
          '`rowCount` does not fit this format',
          'JSON shows itself where it ends',
          'For a listing that says how many records there are, see `paginate.total`.',
        ),
      ];

/** In such a body there is nothing beside the records. */
function lineMistakes(
  { records, paginate }: config.Stream,
  format: string,
  atKey: Complain,
): readonly Diagnostic[] {
  const found: Diagnostic[] = [];
  if (records !== undefined)
    found.push(
      atKey(
        ['records'],
        '`records` does not fit this format',
        `the format is ${format}`,
        'Each row or line is a record: leave it out.',
      ),
    );
  const lost = (['path', 'token', 'total'] as const).find((key) => paginate?.[key] !== undefined);
  if (lost !== undefined)
    found.push(
      atKey(
        ['paginate', lost],
        `\`paginate.${lost}\` does not fit this format`,
        `the format is ${format}`,
        'It is a path in a JSON response. Use the types page, offset or link_header.',
      ),
    );
  return found;
}

function csvMistakes(
  document: SourceDocument,
  pointer: string,
  csv: config.CsvSettings,
  format: 'csv' | 'tsv',
): readonly Diagnostic[] {
  const { header, quote = format === 'csv' ? '"' : '' } = csv;
  const delimiter = csv.delimiter ?? (format === 'csv' ? ',' : '\t');
  const names = Array.isArray(header) ? header : [];
  const double = names.find((name, at) => names.indexOf(name) !== at);
  const complaints: readonly (readonly [string, boolean, string, string])[] = [
    ['header', header === false, 'columns without names', 'Name them: `header: [id, …]`.'],
    ['header', double !== undefined, `the column \`${double}\` is there twice`, 'Give each its own name.'],
    [
      'header',
      Array.isArray(header) && names.length === 0,
      'no column is named',
      'Name them in their order.',
    ],
    ['delimiter', quote === delimiter, 'the delimiter is the quote, too', 'They must differ.'],
    [
      'delimiter',
      /[\r\n]/.test(delimiter),
      'a line end is no delimiter',
      'Write a comma, a semicolon, a tab, …',
    ],
  ];
  return complaints
    .filter(([, isWrong]) => isWrong)
    .map(([key, , summary, help]) =>
      complain(
        'ETL0246',
        valuePlace(
          document,
          csv[key as 'header' | 'delimiter'] === undefined ? pointer : below(pointer, key),
        ),
        summary,
        { label: 'here', help: [help] },
      ),
    );
}
