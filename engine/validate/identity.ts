import type * as config from '../model/config.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import { isPathError, parsePath } from '../model/path.ts';
import type { PathSegment } from '../model/plan.ts';
import type { SourceDocument } from '../model/project.ts';
import type { Entries } from './entries.ts';
import { below, complain, keyPlace, valuePlace } from './places.ts';

/** What a stream recognises its records, their changes and their persons by, and where it stands. */
interface Identity {
  readonly what:
    | 'primary key'
    | 'cursor'
    | 'subject'
    | 'flag of `deletes`'
    | 'key of `deletes`'
    | '`at` of `deletes`';
  readonly stream: string;
  readonly path: string;
}

const identitiesOf = (source: config.Source): readonly Identity[] =>
  Object.entries(source.streams).flatMap(([name, stream]) => [
    ...stream.primaryKey.map((path): Identity => ({ what: 'primary key', stream: name, path })),
    ...(stream.cursor ? [{ what: 'cursor', stream: name, path: stream.cursor.field } as const] : []),
    ...(stream.subject ? [{ what: 'subject', stream: name, path: stream.subject } as const] : []),
    ...(stream.deletes ?? []).flatMap((deletes) => deletedBy(name, stream, deletes)),
  ]);

/** What tells which records are gone. A deletion must have the very key that the record has. */
function deletedBy(
  name: string,
  { primaryKey }: config.Stream,
  deletes: config.Deletes,
): readonly Identity[] {
  const { by, where = {}, key = [], at, stream = name } = deletes;
  const what = 'key of `deletes`';
  return [
    ...Object.keys(where).map((path): Identity => ({ what: 'flag of `deletes`', stream, path })),
    ...(by === 'stream' ? primaryKey.map((path): Identity => ({ what, stream: name, path })) : []),
    ...(by === 'stream' ? key.map((path): Identity => ({ what, stream, path })) : []),
    ...(at === undefined ? [] : [{ what: '`at` of `deletes`', stream, path: at } as const]),
  ];
}

const segmentsOf = (path: string): readonly PathSegment[] | undefined => {
  const parsed = parsePath(path);
  return isPathError(parsed) ? undefined : parsed.segments;
};

/** Whether a rule for one path takes away the value at another. */
function covers(rule: string, path: string): boolean {
  const [covering, covered] = [segmentsOf(rule), segmentsOf(path)];
  if (covering === undefined || covered === undefined || covering.length > covered.length) return false;
  return covering.every(
    (segment, at) => 'any' in segment || JSON.stringify(segment) === JSON.stringify(covered[at]),
  );
}

function redacted(document: SourceDocument, source: config.Source): readonly Diagnostic[] {
  return (source.redact ?? []).flatMap((rule, at) =>
    identitiesOf(source)
      .filter(({ path }) => covers(rule, path))
      .map(({ what, stream, path }) =>
        complain(
          'ETL0221',
          valuePlace(document, `/redact/${at}`),
          `\`${rule}\` takes away the ${what} of ${stream}`,
          {
            label: `\`${path}\` is needed`,
            help: ['Without it a record cannot be recognised again. Redact a narrower path.'],
          },
        ),
      ),
  );
}

/** A token still tells records apart, but no longer which came first; what is truncated does neither. */
function breaks({ pii }: config.Property, rule: string, { what, path }: Identity): boolean {
  if (pii !== 'hmac') return pii !== undefined;
  // A token of something that holds the subject stands for that whole thing.
  if (what === 'subject') return segmentsOf(rule)?.length !== segmentsOf(path)?.length;
  return what !== 'primary key';
}

function tokenised(
  document: SourceDocument,
  mapping: config.Mapping,
  source: config.Source,
): readonly Diagnostic[] {
  const [, stream] = mapping.from.split('.');
  const identities = identitiesOf(source).filter((one) => one.stream === stream);
  return Object.entries(mapping.properties).flatMap(([name, property]) =>
    identities
      .filter((one) => {
        const rule = recordPath(mapping, property);
        return covers(rule, one.path) && breaks(property, rule, one);
      })
      .map(({ what, path }) =>
        complain(
          'ETL0221',
          keyPlace(document, below('/properties', name, 'pii')),
          `\`pii\` takes away the ${what} of ${mapping.from}`,
          {
            label: `\`${path}\` is needed`,
            help: ['Without it a record or its changes cannot be recognised again.'],
          },
        ),
      ),
  );
}

/** The path from the record, where it begins there. */
const recordPath = ({ each }: config.Mapping, { from = '' }: config.Property): string =>
  each === undefined
    ? from
    : from.startsWith('$parent.')
      ? from.slice('$parent.'.length)
      : `${each}[*].${from}`;

/** What `redact` and `pii` must not take away. */
export const identityMistakes = ({ sources, mappings }: Entries): readonly Diagnostic[] => [
  ...sources.flatMap(({ document, config: source }) =>
    source === undefined ? [] : redacted(document, source),
  ),
  ...mappings.flatMap(({ document, config: mapping }) => {
    const source = sources.find(({ config: one }) => one?.name === mapping?.from.split('.')[0])?.config;
    return mapping === undefined || source === undefined ? [] : tokenised(document, mapping, source);
  }),
];
