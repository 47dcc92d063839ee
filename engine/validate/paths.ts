import type * as config from '../model/config.ts';
import type { Diagnostic, Place } from '../model/diagnostic.ts';
import { isPathError, parsePath } from '../model/path.ts';
import type { SourceDocument } from '../model/project.ts';
import { below, complain, keyPlace, placeWithin, valuePlace } from './places.ts';

/** What a path may say where it stands. */
interface Rules {
  /** Whether `$parent` and `$index` mean something: in mappings with `each`. */
  readonly each: boolean;
  /** Whether `*` may stand for any key: in `redact`. */
  readonly wildcards: boolean;
  /** Whether `[key='text']` may choose an element of a list: not for what a record is recognised by. */
  readonly chooses?: boolean;
}

const plain: Rules = { each: false, wildcards: false };
const choosing: Rules = { ...plain, chooses: true };

const pathHelp =
  "Paths look like `customer.email`, `lines[0].sku`, `properties['deal.stage']` or `tags[key='color'].value`.";

/** A path that cannot be read, or that says what it may not say where it stands. */
export function pathMistake(text: string, place: Place, rules: Rules): readonly Diagnostic[] {
  const path = parsePath(text, rules.each);
  if (isPathError(path)) {
    const spot = placeWithin(place, text, path.at, 1);
    return [
      complain('ETL0207', spot, `\`${text}\` is not a path`, { label: path.message, help: [pathHelp] }),
    ];
  }
  if (!rules.each && /^\$(parent|index)\b/.test(text)) {
    const root = /^\$\w+/.exec(text)?.[0] ?? '';
    return [
      complain(
        'ETL0208',
        placeWithin(place, text, 0, root.length),
        `\`${root}\` means nothing without \`each\``,
        {
          label: 'there is no parent here',
          help: [
            'A mapping with `each: PATH` makes a row per element; without it a path begins at the record.',
          ],
        },
      ),
    ];
  }
  if (rules.chooses !== true && path.segments.some((segment) => 'where' in segment))
    return [choosesHere(text, place)];
  const star = path.segments.some((segment) => 'any' in segment);
  if (!star || rules.wildcards) return [];
  const at = text.indexOf('*');
  return [
    complain('ETL0207', placeWithin(place, text, at, 1), `\`*\` cannot be used in this path`, {
      label: 'one value is needed here',
      help: ['`*` stands for any key in `redact` only; `each` makes a row per element of an array.'],
    }),
  ];
}

function choosesHere(text: string, place: Place): Diagnostic {
  const spot = /\[[^[\]'"]*=/.exec(text);
  return complain(
    'ETL0207',
    placeWithin(place, text, spot?.index ?? 0, spot?.[0].length ?? 1),
    'this path cannot choose an element of a list',
    {
      label: 'a place that every record has is needed here',
      help: ["`[key='text']` is for properties and conditions of mappings, `redact`, and `describe`."],
    },
  );
}

const at = (
  document: SourceDocument,
  pointer: string,
  text: string | undefined,
  rules = plain,
): readonly Diagnostic[] =>
  text === undefined ? [] : pathMistake(text, valuePlace(document, pointer), rules);

function streamPaths(document: SourceDocument, name: string, stream: config.Stream): readonly Diagnostic[] {
  const here = below('/streams', name);
  const { records, primaryKey, subject, cursor, paginate } = stream;
  return [
    ...(typeof records === 'object'
      ? Object.entries(records).flatMap(([name, path]) => at(document, below(here, 'records', name), path))
      : at(document, `${here}/records`, records)),
    ...primaryKey.flatMap((path, index) => at(document, `${here}/primaryKey/${index}`, path)),
    ...at(document, `${here}/subject`, subject),
    ...at(document, `${here}/cursor/field`, cursor?.field),
    ...at(document, `${here}/paginate/path`, paginate?.path),
    ...at(document, `${here}/paginate/token`, paginate?.token),
    ...at(document, `${here}/paginate/total`, paginate?.total),
    ...at(document, `${here}/paginate/more`, paginate?.more),
    ...at(document, `${here}/paginate/key`, paginate?.key),
    ...Object.entries(paginate?.tokens ?? {}).flatMap(([name, path]) =>
      at(document, below(`${here}/paginate/tokens`, name), path),
    ),
    ...jobPaths(document, `${here}/job`, stream),
    ...lookupPaths(document, `${here}/lookups`, stream),
    ...(stream.describe === undefined ? [] : describePaths(document, `${here}/describe`, stream.describe)),
    ...(stream.deletes ?? []).flatMap((deletes, index) =>
      deletesPaths(document, `${here}/deletes/${index}`, deletes),
    ),
  ];
}

/** What the steps of a job say. Only of results there may be several. */
function jobPaths(document: SourceDocument, pointer: string, { job }: config.Stream): readonly Diagnostic[] {
  const taken = (step: 'create' | 'poll' | 'locate', rules = plain): readonly Diagnostic[] =>
    Object.entries(job?.[step]?.take ?? {}).flatMap(([name, path]) =>
      at(document, below(`${pointer}/${step}/take`, name), path, rules),
    );
  return [
    ...taken('create'),
    ...at(document, `${pointer}/poll/status`, job?.poll.status),
    ...taken('poll'),
    ...taken('locate', { each: false, wildcards: true }),
  ];
}

const plainly = ['records', 'under'] as const;

const described = [
  'label',
  'type',
  'options',
  'optionValue',
  'optionLabel',
  'archived',
  'nullable',
  'unit',
] as const;

function describePaths(document: SourceDocument, pointer: string, describe: config.Describe) {
  const conditions = [
    ['custom', describe.custom],
    ['multiple', describe.multiple],
    ['currency/where', describe.currency?.where],
  ] as const;
  return [
    ...plainly.flatMap((key) => at(document, `${pointer}/${key}`, describe[key])),
    ...described.flatMap((key) => at(document, `${pointer}/${key}`, describe[key], choosing)),
    ...named.flatMap((key) => namedMistakes(document, `${pointer}/${key}`, describe[key])),
    ...pathTemplate(document, `${pointer}/path`, describe.path),
    ...(describe.path !== undefined && describe.under !== undefined ? [twoPlaces(document, pointer)] : []),
    ...pathTemplate(document, `${pointer}/currency/from`, describe.currency?.from),
    ...Object.entries(describe.types ?? {}).flatMap(([type, text]) =>
      typeMistakes(document, below(`${pointer}/types`, type), text),
    ),
    ...conditions.flatMap(([key, where = {}]) =>
      Object.keys(where).flatMap((path) =>
        pathMistake(path, keyPlace(document, below(`${pointer}/${key}`, path)), choosing),
      ),
    ),
  ];
}

const twoPlaces = (document: SourceDocument, pointer: string): Diagnostic =>
  complain(
    'ETL0228',
    keyPlace(document, `${pointer}/under`),
    '`path` and `under` both say where properties stand',
    {
      help: ['`under` is for those that stand there by their name. Leave one of them out.'],
    },
  );

const named = ['id', 'name'] as const;

/** A path, or a text with paths in braces. */
const namedMistakes = (document: SourceDocument, pointer: string, text = ''): readonly Diagnostic[] =>
  /[{}]/.test(text)
    ? templateMistakes(document, pointer, text)
    : text === ''
      ? []
      : at(document, pointer, text);

/** A path of a record that is one whatever stands in the place of its braces. */
function pathTemplate(
  document: SourceDocument,
  pointer: string,
  text: string | undefined,
): readonly Diagnostic[] {
  if (text === undefined) return [];
  const mistakes = templateMistakes(document, pointer, text);
  const sample = text.replace(/\{([^{}]+)\}/g, (found) => 'x'.repeat(found.length));
  if (mistakes.length > 0) return mistakes;
  return at(document, pointer, sample, choosing).map((one) => ({
    ...one,
    summary: one.summary.replace(sample, () => text),
  }));
}

const typeMistakes = (
  document: SourceDocument,
  pointer: string,
  type: string | config.DescribeType,
): readonly Diagnostic[] =>
  typeof type === 'string'
    ? templateMistakes(document, pointer, type)
    : [
        ...templateMistakes(document, `${pointer}/type`, type.type),
        ...at(document, `${pointer}/at`, type.at),
      ];

const deletesPaths = (
  document: SourceDocument,
  pointer: string,
  { where = {}, key = [], at: when }: config.Deletes,
) => [
  ...at(document, `${pointer}/at`, when),
  ...Object.keys(where).flatMap((path) =>
    pathMistake(path, keyPlace(document, below(pointer, 'where', path)), plain),
  ),
  ...key.flatMap((path, index) => at(document, `${pointer}/key/${index}`, path)),
];

function lookupPaths(document: SourceDocument, pointer: string, { lookups = {} }: config.Stream) {
  return Object.entries(lookups).flatMap(([name, { path, query = {}, take }]) => {
    const here = below(pointer, name);
    return [
      ...templateMistakes(document, `${here}/path`, path),
      ...Object.entries(query).flatMap(([parameter, value]) =>
        templateMistakes(document, below(`${here}/query`, parameter), value),
      ),
      ...at(document, `${here}/take`, take),
    ];
  });
}

/** What stands in braces is a path of the record. */
function templateMistakes(document: SourceDocument, pointer: string, text: string): readonly Diagnostic[] {
  const place = valuePlace(document, pointer);
  const brace = /[{}]/.exec(text.replace(/\{[^{}]+\}/g, (found) => ' '.repeat(found.length)));
  if (brace !== null) {
    return [
      complain(
        'ETL0207',
        placeWithin(place, text, brace.index, 1),
        `\`${text}\` has a brace without its pair`,
        {
          label: 'expected {PATH}',
          help: [pathHelp],
        },
      ),
    ];
  }
  return [...text.matchAll(/\{([^{}]+)\}/g)].flatMap((found) =>
    pathMistake(found[1] ?? '', placeWithin(place, text, found.index + 1, (found[1] ?? '').length), plain),
  );
}

/** Paths of a source that cannot be read. */
export const sourcePaths = (document: SourceDocument, source: config.Source): readonly Diagnostic[] => [
  ...(source.redact ?? []).flatMap((path, index) =>
    at(document, `/redact/${index}`, path, { each: false, wildcards: true, chooses: true }),
  ),
  ...Object.entries(source.streams).flatMap(([name, stream]) => streamPaths(document, name, stream)),
];

const pathsOf = ({ from, previously = [] }: config.Property): readonly (readonly [string, string])[] => [
  ...(from === undefined ? [] : [['from', from] as const]),
  ...previously.map((path, index) => [`previously/${index}`, path] as const),
];

/** Paths of a mapping that cannot be read, or that need `each`. */
export function mappingPaths(document: SourceDocument, mapping: config.Mapping): readonly Diagnostic[] {
  const rules = { each: mapping.each !== undefined, wildcards: false, chooses: true };
  return [
    ...at(document, '/each', mapping.each, choosing),
    ...Object.keys(mapping.where ?? {}).flatMap((path) =>
      pathMistake(path, keyPlace(document, below('/where', path)), rules),
    ),
    ...Object.entries(mapping.properties).flatMap(([name, property]) =>
      pathsOf(property).flatMap(([key, path]) =>
        at(document, `${below('/properties', name)}/${key}`, path, rules),
      ),
    ),
  ];
}
