import type * as config from '../model/config.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import type { SourceDocument } from '../model/project.ts';
import {
  embeddedPlaceholders,
  fieldsBelow,
  placeholdersOf,
  type RequestTemplate,
} from '../model/request-template.ts';
import { jobTemplate, requestTemplate, tokenPaths } from '../model/stream-request.ts';
import { isAsked } from './asks.ts';
import { parentMistakes } from './parents.ts';
import { below, complain, type Here, keyPlace, valuePlace } from './places.ts';
import { didYouMean, listText } from './suggest.ts';

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
function known(here: Here): readonly string[] {
  const { cursor, paginate, partitions = {} } = here.stream;
  return [
    'account',
    ...(cursor === undefined ? [] : ['cursor.from', 'cursor.to']),
    ...(paginate === undefined ? [] : pagePlaceholders(paginate)),
    ...(paginate?.size === undefined ? [] : ['page.size']),
    ...Object.keys(partitions).map((name) => `partition.${name}`),
    ...jobNames(here.stream),
  ];
}

/** What the steps of a job say. */
const jobNames = ({ job }: config.Stream): readonly string[] =>
  [job?.create, job?.poll, job?.locate].flatMap((step) =>
    Object.keys(step?.take ?? {}).map((name) => `job.${name}`),
  );

/** All requests of a stream, with the keys where they stand. */
const requestsOf = (stream: config.Stream): readonly (readonly [string, RequestTemplate])[] => {
  const { job } = stream;
  const steps: { readonly [step: string]: config.JobStep } =
    job === undefined
      ? {}
      : { create: job.create, poll: job.poll, ...(job.locate && { locate: job.locate }) };
  return [
    ['request', requestTemplate(stream)],
    ...Object.entries(steps).map(([step, one]) => [`job/${step}`, jobTemplate(one)] as const),
  ];
};

const placedIn = (stream: config.Stream): readonly string[] =>
  requestsOf(stream).flatMap(([, template]) => placeholdersOf(template));

function unknownPlaceholders(here: Here): readonly Diagnostic[] {
  const names = known(here);
  const { parent } = here.stream;
  return requestsOf(here.stream).flatMap(([key, template]) =>
    placeholdersOf(template)
      .filter((name) => !names.includes(name) && fieldsBelow(name) === undefined)
      .filter((name) => parent === undefined || !name.startsWith('parent.'))
      .map((name) =>
        complain(
          'ETL0233',
          valuePlace(here.document, below(here.pointer, ...key.split('/'))),
          `\`{${name}}\` stands for nothing`,
          {
            label: didYouMean(name, names),
            help: [`Placeholders of this stream: ${listText(names.map((one) => `{${one}}`))}.`],
          },
        ),
      ),
  );
}

/** What is declared, and goes nowhere: the API would never be told. */
function uncarried(here: Here): readonly Diagnostic[] {
  const { document, pointer, stream } = here;
  const { cursor, paginate, parent, partitions = {} } = stream;
  const placed = placedIn(stream);
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
    ...(parent !== undefined && !placed.some((name) => name.startsWith('parent.'))
      ? [
          complaint(
            'parent',
            'parent.id',
            'Write what a record of the parent is asked for with, such as `{parent.id}`, in `request`.',
          ),
        ]
      : []),
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
  const placed = placedIn(stream);
  const complaint = (summary: string, help: string): Diagnostic =>
    complain('ETL0235', keyPlace(document, below(pointer, 'cursor')), summary, { help: [help] });
  const embedded =
    requestsOf(stream).some(([, one]) => embeddedPlaceholders(one).includes('cursor.from')) &&
    cursor.start === undefined;
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
    ...(steps && !placed.includes('cursor.to')
      ? [
          complaint(
            '`step` needs the end of a slice in the request',
            'Name the parameter, `to: {query: updated_before}`, or write `{cursor.to}` in `request`.',
          ),
        ]
      : []),
  ];
}

/** A path is never left out: what it says of the page, and of a job, must be known when it is asked for. */
function unplaced({ document, pointer, stream }: Here): readonly Diagnostic[] {
  const paged = [
    'page.number',
    'page.offset',
    'page.size',
    ...(stream.paginate?.start === undefined ? [] : ['page.key']),
  ];
  return requestsOf(stream).flatMap(([key, template]) => {
    const known = [...paged, ...saidBefore(stream, key)];
    const place = valuePlace(document, below(pointer, ...key.split('/'), 'path'));
    return pathPlaceholders(template)
      .filter((name) => /^(page|job)\./.test(name) && !known.includes(name))
      .map((name) => complain('ETL0235', place, ...whyUnplaced(name)));
  });
}

const pathPlaceholders = (template: RequestTemplate): readonly string[] =>
  placeholdersOf({ ...template, query: {}, headers: {}, body: null });

/** What the steps of a job before this one have said. */
function saidBefore({ job }: config.Stream, key: string): readonly string[] {
  const steps = ['job/create', 'job/poll', 'job/locate', 'request'];
  const before = [job?.create, job?.poll, job?.locate].slice(0, steps.indexOf(key));
  return before.flatMap((step) => Object.keys(step?.take ?? {}).map((name) => `job.${name}`));
}

const whyUnplaced = (name: string): [string, { readonly help: readonly string[] }] =>
  name.startsWith('page.')
    ? [
        `\`{${name}}\` stands in the path, and the first page has none`,
        { help: ['Send it as a parameter, or give `paginate` a `start` that comes before the first key.'] },
      ]
    : [
        `\`{${name}}\` stands in the path before the job has said it`,
        {
          help: ['A step knows what the steps before it `take`: create, poll, locate, and then the request.'],
        },
      ];

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
  Object.entries(isAsked(source) ? {} : source.streams).flatMap(([name, stream]) => {
    const here = { document, pointer: below('/streams', name), stream };
    return [
      ...parentMistakes(here, name, source),
      ...unknownPlaceholders(here),
      ...uncarried(here),
      ...cursorNeeds(here),
      ...unplaced(here),
      ...unordered(here),
    ];
  });
