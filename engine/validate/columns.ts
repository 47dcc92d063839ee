import type * as config from '../model/config.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import type { SourceDocument } from '../model/project.ts';
import { type Entries, nameOf } from './entries.ts';
import { below, complain, keyPlace, valuePlace } from './places.ts';
import { baseType } from './properties.ts';
import { didYouMean, listText } from './suggest.ts';

/** A name where a column of a mapping is expected. */
interface Use {
  readonly document: SourceDocument;
  readonly pointer: string;
  readonly name: string;
  /** Whether the name is a key, not a value. */
  readonly isKey?: boolean;
}

function unknownColumn(use: Use, mapping: config.Mapping): readonly Diagnostic[] {
  const { document, pointer, name } = use;
  if (Object.hasOwn(mapping.properties, name)) return [];
  const names = Object.keys(mapping.properties);
  return [
    complain(
      'ETL0205',
      use.isKey ? keyPlace(document, pointer) : valuePlace(document, pointer),
      `\`${mapping.name}\` has no column \`${name}\``,
      {
        label: didYouMean(name, names),
        help: [`columns: ${listText(names, 24)}`],
      },
    ),
  ];
}

const numbers = ['integer', 'decimal', 'double'];
const days = ['date', 'timestamp', 'datetime'];

const fitting: { readonly [kind: string]: readonly string[] } = {
  range: [...numbers, ...days, 'time'],
  freshness: days,
};

/** Whether a bound of a `range` is written in the way of the column's type. */
function boundFits(bound: string | number, type: string): boolean {
  if (numbers.includes(type)) return bound !== '' && Number.isFinite(Number(bound));
  if (type === 'time') return /^\d\d:\d\d(:\d\d(\.\d+)?)?$/.test(String(bound));
  return typeof bound === 'string' && !Number.isNaN(Date.parse(bound));
}

function boundMistakes(document: SourceDocument, pointer: string, check: config.Check, type: string) {
  return (['min', 'max'] as const).flatMap((key) => {
    const bound = check[key];
    if (bound === undefined || boundFits(bound, type)) return [];
    const place = valuePlace(document, below(pointer, key));
    return complain('ETL0206', place, `\`${bound}\` is no bound for a column of type ${type}`, {
      label: numbers.includes(type) ? 'expected a number' : 'expected a quoted date or time',
      help: [`\`${key}\` has the type of the column.`],
    });
  });
}

function checkMistakes(
  document: SourceDocument,
  mapping: config.Mapping,
  check: config.Check,
  index: number,
) {
  const pointer = `/checks/${index}`;
  const uses = [
    ...(check.column === undefined ? [] : [{ document, pointer: `${pointer}/column`, name: check.column }]),
    ...(check.columns ?? []).map((name, at) => ({ document, pointer: `${pointer}/columns/${at}`, name })),
  ];
  const unknown = uses.flatMap((use) => unknownColumn(use, mapping));
  const property = check.column === undefined ? undefined : mapping.properties[check.column];
  if (check.kind === 'row_count') return [...unknown, ...boundMistakes(document, pointer, check, 'integer')];
  const types = fitting[check.kind];
  if (property === undefined || types === undefined) return unknown;
  const type = baseType(property.type);
  if (types.includes(type)) return [...unknown, ...boundMistakes(document, pointer, check, type)];
  return [
    complain(
      'ETL0206',
      valuePlace(document, `${pointer}/column`),
      `a ${check.kind} check does not fit \`${check.column}\``,
      {
        label: `its type is ${property.type}`,
        help: [`${check.kind} needs one of: ${types.join(', ')}`],
      },
    ),
  ];
}

/** Values by which a merge can look for rows: they have an order that every warehouse agrees on. */
const ordered = ['string', 'integer', 'decimal', ...days];

function pruneMistakes(document: SourceDocument, mapping: config.Mapping): readonly Diagnostic[] {
  const { prune: name } = mapping.load;
  if (name === undefined) return [];
  const pointer = '/load/prune';
  const property = mapping.properties[name];
  if (property === undefined) return unknownColumn({ document, pointer, name }, mapping);
  if (ordered.includes(baseType(property.type))) return [];
  return [
    complain('ETL0206', valuePlace(document, pointer), `\`load.prune\` does not fit \`${name}\``, {
      label: `its type is ${property.type}`,
      help: [`it needs one of: ${ordered.join(', ')}`],
    }),
  ];
}

/** Columns that the key and the checks of a mapping name, and whether checks fit them. */
export const columnMistakes = (document: SourceDocument, mapping: config.Mapping): readonly Diagnostic[] => [
  ...mapping.load.key.flatMap((name, at) =>
    unknownColumn({ document, pointer: `/load/key/${at}`, name }, mapping),
  ),
  ...pruneMistakes(document, mapping),
  ...(mapping.checks ?? []).flatMap((check, index) => checkMistakes(document, mapping, check, index)),
];

/** Columns that a test names. */
export function testColumns(
  document: SourceDocument,
  test: config.Test,
  { mappings }: Entries,
): readonly Diagnostic[] {
  const mapping = mappings.find((entry) => nameOf(entry) === test.mapping)?.config;
  if (mapping === undefined) return [];
  return test.cases.flatMap((testCase, index) => [
    ...(testCase.rows ?? []).flatMap((row, at) =>
      Object.keys(row).flatMap((name) =>
        unknownColumn(
          { document, pointer: below(`/cases/${index}/rows/${at}`, name), name, isKey: true },
          mapping,
        ),
      ),
    ),
    ...(testCase.blocked ?? []).flatMap(({ property: name }, at) =>
      unknownColumn({ document, pointer: `/cases/${index}/blocked/${at}/property`, name }, mapping),
    ),
  ]);
}
