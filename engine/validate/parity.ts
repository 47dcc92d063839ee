import type * as config from '../model/config.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import type { SourceDocument } from '../model/project.ts';
import { type Entries, mayBeUnread, nameOf } from './entries.ts';
import { below, complain, valuePlace } from './places.ts';
import { didYouMean, listText } from './suggest.ts';

/** Exclusions of mappings and columns that there are not, and of days that no calendar has. */
export const parityMistakes = (entries: Entries): readonly Diagnostic[] =>
  entries.parity.flatMap(({ document, config }) =>
    (config?.exclude ?? []).flatMap((exclusion, at) => [
      ...targetMistakes(document, `/exclude/${at}`, exclusion, entries),
      ...dayMistakes(document, `/exclude/${at}`, exclusion),
    ]),
  );

function targetMistakes(
  document: SourceDocument,
  pointer: string,
  { mapping: name, column }: config.Exclusion,
  { mappings, unread }: Entries,
): readonly Diagnostic[] {
  const mapping = mappings.find((one) => nameOf(one) === name);
  if (mapping === undefined) {
    if (mayBeUnread(unread, name)) return [];
    const names = mappings.flatMap((one) => nameOf(one) ?? []);
    return [
      complain(
        'ETL0202',
        valuePlace(document, below(pointer, 'mapping')),
        `there is no mapping \`${name}\``,
        {
          label: didYouMean(name, names),
          help: [names.length > 0 ? `mappings: ${listText(names)}` : 'no mapping is declared'],
        },
      ),
    ];
  }
  if (column === undefined || mapping.config === undefined) return [];
  return columnMistakes(document, below(pointer, 'column'), column, mapping.config);
}

function columnMistakes(
  document: SourceDocument,
  pointer: string,
  column: string,
  { name, properties, load }: config.Mapping,
): readonly Diagnostic[] {
  const place = valuePlace(document, pointer);
  const names = Object.keys(properties);
  if (!names.includes(column))
    return [
      complain('ETL0205', place, `\`${name}\` has no column \`${column}\``, {
        label: didYouMean(column, names),
        help: [`columns: ${listText(names, 24)}`],
      }),
    ];
  if (!(load.key ?? []).includes(column)) return [];
  return [
    complain('ETL0776', place, `\`${column}\` is part of the key, by which rows are compared`, {
      help: ['Exclude the whole table: leave `column` out.'],
    }),
  ];
}

function dayMistakes(
  document: SourceDocument,
  pointer: string,
  { expires }: config.Exclusion,
): readonly Diagnostic[] {
  const start = Date.parse(`${expires}T00:00:00Z`);
  if (!Number.isNaN(start) && new Date(start).toISOString().startsWith(expires)) return [];
  const place = valuePlace(document, below(pointer, 'expires'));
  return [complain('ETL0776', place, `there is no day ${expires}`)];
}
