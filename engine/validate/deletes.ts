import type * as config from '../model/config.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import type { SourceDocument } from '../model/project.ts';
import { type Entries, type Entry, nameOf } from './entries.ts';
import { below, complain, keyPlace, valuePlace } from './places.ts';
import { didYouMean, listText } from './suggest.ts';

const code = 'ETL0244';

/** Where a way to learn of deletes stands, and whose records it is about. */
interface Way {
  readonly document: SourceDocument;
  readonly pointer: string;
  readonly source: config.Source;
  /** Name of the stream. */
  readonly name: string;
  readonly stream: config.Stream;
}

function streamMistakes(way: Way, deletes: config.Deletes): readonly Diagnostic[] {
  if (deletes.by !== 'stream' || deletes.stream === undefined) return [];
  const listing = way.source.streams[deletes.stream];
  if (listing === undefined) return [unknownStream(way, deletes.stream)];
  if (deletes.stream === way.name) return [ownStream(way)];
  return [
    ...keyMistake(way, deletes),
    ...cursorMistake(way, deletes, listing),
    ...precisionMistake(way, deletes),
  ];
}

/** Only what `at` says of time can be cut to a unit. */
function precisionMistake({ document, pointer, stream: { cursor } }: Way, { at, precision }: config.Deletes) {
  if (precision === undefined) return [];
  const isTime = cursor !== undefined && (cursor.type ?? 'timestamp') === 'timestamp';
  if (isTime && at !== undefined && !/^0+\D/.test(precision)) return [];
  return [
    complain(code, keyPlace(document, below(pointer, 'precision')), '`precision` says nothing here', {
      label: isTime ? 'of no `at`, or of no time at all' : 'records have no cursor that is a timestamp',
      help: ['It says what `at` is cut to, such as `1s`, where the cursor of the records is a timestamp.'],
    }),
  ];
}

function unknownStream({ document, pointer, source, name }: Way, wanted: string): Diagnostic {
  const others = Object.keys(source.streams).filter((other) => other !== name);
  const summary = `the source \`${source.name}\` has no stream \`${wanted}\``;
  return complain('ETL0201', valuePlace(document, below(pointer, 'stream')), summary, {
    label: didYouMean(wanted, others),
    help: [`streams of ${source.name}: ${listText(others)}`],
  });
}

const ownStream = ({ document, pointer, name }: Way): Diagnostic =>
  complain(
    code,
    valuePlace(document, below(pointer, 'stream')),
    `\`${name}\` cannot list its own deletions this way`,
    {
      label: 'name another stream',
      help: ['Where the record itself says that it is gone, write `by: flag`.'],
    },
  );

function keyMistake({ document, pointer, name, stream }: Way, { key = [] }: config.Deletes) {
  if (key.length === stream.primaryKey.length) return [];
  return [
    complain(
      code,
      valuePlace(document, below(pointer, 'key')),
      'the key of a deletion is not that of a record',
      {
        label: `\`${name}\` has ${listText(stream.primaryKey)}`,
        help: ['Name as many paths as `primaryKey` of the stream has, in the same order.'],
      },
    ),
  ];
}

/** Which came first, the deletion or a version of the record, is decided by comparing their cursors. */
function cursorMistake(
  { document, pointer, name, stream }: Way,
  { stream: other = '', at }: config.Deletes,
  listing: config.Stream,
) {
  const [wanted, found] = [stream.cursor, listing.cursor];
  if (wanted === undefined || at !== undefined) return [];
  const [type, otherType] = [wanted.type ?? 'timestamp', found && (found.type ?? 'timestamp')];
  if (type === otherType) return [];
  return [
    complain(
      code,
      valuePlace(document, below(pointer, 'stream')),
      `deletions of \`${name}\` have no comparable cursor`,
      {
        label: otherType === undefined ? `\`${other}\` has no cursor` : `its cursor is of type ${otherType}`,
        help: [
          `\`${name}\` has a cursor of type ${type}: give \`${other}\` one, or name with \`at\` where a deletion says when it was, so that a record which came back after it was deleted stays.`,
        ],
      },
    ),
  ];
}

function sourceMistakes({ document, config: source }: Entry<config.Source>): readonly Diagnostic[] {
  return Object.entries(source?.streams ?? {}).flatMap(([name, stream]) =>
    (stream.deletes ?? []).flatMap((deletes, index) => {
      const pointer = below('/streams', name, 'deletes', index);
      return source === undefined ? [] : streamMistakes({ document, pointer, source, name, stream }, deletes);
    }),
  );
}

function mappingMistakes(
  { document, config: mapping }: Entry<config.Mapping>,
  { sources }: Entries,
): readonly Diagnostic[] {
  if (mapping === undefined) return [];
  const { strategy = 'merge', children, deletes } = mapping.load;
  // What does not fit another strategy is complained about as such.
  if (strategy !== 'merge') return [];
  if (children === 'replace' && mapping.each === undefined) {
    return [
      complain(code, keyPlace(document, '/load/children'), '`children` means nothing without `each`', {
        label: 'a record has one row here',
        help: [
          'With `each: PATH` a record has a row per element, and those that are gone can leave the table.',
        ],
      }),
    ];
  }
  const [source, name = ''] = mapping.from.split('.');
  const stream = sources.find((entry) => nameOf(entry) === source)?.config?.streams[name];
  if (deletes === undefined || children === 'replace' || stream === undefined || stream.deletes) return [];
  return [
    complain(code, keyPlace(document, '/load/deletes'), 'no row ever leaves this table', {
      severity: 'warning',
      label: 'has no effect',
      help: [`Say under \`deletes\` of ${mapping.from} how it is learned that a record is gone.`],
    }),
  ];
}

/** What is wrong with how rows leave a table. */
export const deletesMistakes = (entries: Entries): readonly Diagnostic[] => [
  ...entries.sources.flatMap(sourceMistakes),
  ...entries.mappings.flatMap((mapping) => mappingMistakes(mapping, entries)),
];

/** Streams of a source that others of it learn deletes from. */
export const deletionStreams = ({ streams }: config.Source): readonly string[] =>
  Object.values(streams).flatMap(({ deletes = [] }) => deletes.flatMap(({ stream }) => stream ?? []));
