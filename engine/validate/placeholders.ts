import type * as config from '../model/config.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import type { SourceDocument } from '../model/project.ts';
import { embeddedPlaceholders, placeholdersOf } from '../model/request-template.ts';
import { requestTemplate, tokenPaths } from '../model/stream-request.ts';
import { below, complain, keyPlace, valuePlace } from './places.ts';
import { didYouMean, listText } from './suggest.ts';

/** A stream and where it stands. */
interface Here {
  readonly document: SourceDocument;
  readonly pointer: string;
  readonly stream: config.Stream;
}

/** What carries the place in a listing, by kind of paging. */
const counted: { readonly [type: string]: string } = {
  page: 'page.number',
  offset: 'page.offset',
  keyset: 'page.key',
};

const tokenPlaceholders = (paginate: config.Paginate): readonly string[] => {
  const names = Object.keys(tokenPaths(paginate));
  return (names.length > 0 ? names : [paginate.param ?? 'token']).map((name) => `page.${name}`);
};

const pagePlaceholders = (paginate: config.Paginate): readonly string[] => {
  const { type } = paginate;
  if (type === 'cursor_token') return tokenPlaceholders(paginate);
  const name = counted[type];
  return name === undefined ? [] : [name];
};

/** All that a stream's request may hold. */
function known({ stream: { cursor, paginate, partitions = {} } }: Here): readonly string[] {
  return [
    'account',
    ...(cursor === undefined ? [] : ['cursor.from', 'cursor.to']),
    ...(paginate === undefined ? [] : pagePlaceholders(paginate)),
    ...(paginate?.size === undefined ? [] : ['page.size']),
    ...Object.keys(partitions).map((name) => `partition.${name}`),
  ];
}

function unknownPlaceholders(here: Here): readonly Diagnostic[] {
  const names = known(here);
  return placeholdersOf(requestTemplate(here.stream))
    .filter((name) => !names.includes(name))
    .map((name) =>
      complain(
        'ETL0233',
        valuePlace(here.document, below(here.pointer, 'request')),
        `\`{${name}}\` stands for nothing`,
        {
          label: didYouMean(name, names),
          help: [`Placeholders of this stream: ${listText(names.map((one) => `{${one}}`))}.`],
        },
      ),
    );
}

/** What is declared, and goes nowhere: the API would never be told. */
function uncarried(here: Here): readonly Diagnostic[] {
  const { document, pointer, stream } = here;
  const { cursor, paginate, partitions = {} } = stream;
  const placed = placeholdersOf(requestTemplate(stream));
  const lacks = (name: string): boolean => !placed.includes(name);
  const complaint = (at: string, name: string, help: string): Diagnostic =>
    complain(
      'ETL0234',
      keyPlace(document, below(pointer, ...at.split('/'))),
      `nothing in the request carries \`{${name}}\``,
      {
        help: [help],
      },
    );
  return [
    ...(cursor !== undefined && lacks('cursor.from')
      ? [
          complaint(
            'cursor',
            'cursor.from',
            'Name the parameter, `from: {query: updated_since}`, or write `{cursor.from}` in `request`.',
          ),
        ]
      : []),
    ...(paginate === undefined ? [] : pagePlaceholders(paginate))
      .filter(lacks)
      .map((name) =>
        complaint(
          'paginate',
          name,
          `Name the parameter, \`param: …\`, or write \`{${name}}\` in \`request\`.`,
        ),
      ),
    ...Object.keys(partitions)
      .filter((name) => lacks(`partition.${name}`))
      .map((name) =>
        complaint(`partitions/${name}`, `partition.${name}`, `Write \`{partition.${name}}\` in \`request\`.`),
      ),
  ];
}

/** Settings of a cursor that need others. */
function cursorNeeds({ document, pointer, stream }: Here): readonly Diagnostic[] {
  const { cursor } = stream;
  if (cursor === undefined) return [];
  const template = requestTemplate(stream);
  const complaint = (summary: string, help: string): Diagnostic =>
    complain('ETL0235', keyPlace(document, below(pointer, 'cursor')), summary, { help: [help] });
  const embedded = embeddedPlaceholders(template).includes('cursor.from') && cursor.start === undefined;
  const steps = cursor.step !== undefined;
  return [
    ...(embedded
      ? [
          complaint(
            '`{cursor.from}` stands within a text, and the first run has none',
            'Declare `start`, such as `start: 2020-01-01T00:00:00Z`.',
          ),
        ]
      : []),
    ...(steps && (cursor.type ?? 'timestamp') !== 'timestamp'
      ? [
          complaint(
            `\`step\` does not fit a cursor of type ${cursor.type}`,
            'Only time can be cut into slices.',
          ),
        ]
      : []),
    ...(steps && cursor.start === undefined
      ? [complaint('`step` needs `start`', 'The first slice begins there: `start: 2020-01-01T00:00:00Z`.')]
      : []),
    ...(steps && !placeholdersOf(template).includes('cursor.to')
      ? [
          complaint(
            '`step` needs the end of a slice in the request',
            'Name the parameter, `to: {query: updated_before}`, or write `{cursor.to}` in `request`.',
          ),
        ]
      : []),
  ];
}

/** A listing in no order of its own may change between two pages: a record is then given twice, or never. */
function unordered({ document, pointer, stream }: Here): readonly Diagnostic[] {
  const { paginate, primaryKey } = stream;
  if (paginate?.type !== 'offset' && paginate?.type !== 'page') return [];
  const { orderedBy = [] } = paginate;
  if (primaryKey.every((path) => orderedBy.includes(path))) return [];
  const keys = primaryKey.join(', ');
  return [
    {
      ...complain(
        'ETL0236',
        valuePlace(document, below(pointer, 'paginate', 'type')),
        `pages that are counted lose records where the order is not unique`,
        {
          label:
            orderedBy.length === 0
              ? 'in which order?'
              : `\`${orderedBy.join(', ')}\` may be equal in two records`,
          help: [
            `Ask for an order that ends with ${keys} in \`request\`, such as \`sort: ${primaryKey[0]}\`, and say so: \`orderedBy: [${keys}]\`.`,
            'Better, where the API has it: `keyset`, `cursor_token` or a link to the next page. A sweep finds what was left out.',
          ],
        },
      ),
      severity: 'warning',
    },
  ];
}

/** What is wrong with the placeholders of a source's requests, and with what they stand for. */
export const placeholderMistakes = (document: SourceDocument, source: config.Source): readonly Diagnostic[] =>
  Object.entries(source.streams).flatMap(([name, stream]) => {
    const here = { document, pointer: below('/streams', name), stream };
    return [...unknownPlaceholders(here), ...uncarried(here), ...cursorNeeds(here), ...unordered(here)];
  });
