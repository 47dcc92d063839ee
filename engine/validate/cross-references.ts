import type * as config from '../model/config.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import { isFirstAccount } from './accounts.ts';
import { deletionStreams } from './deletes.ts';
import { type Entries, type Entry, mayBeUnread, nameOf, streamsBySource } from './entries.ts';
import { objectAt, textAt } from './json.ts';
import { below, complain, keyPlace, placeText, placeWithin, valuePlace } from './places.ts';
import { didYouMean, listText } from './suggest.ts';

type Streams = ReturnType<typeof streamsBySource>;

const allStreams = (streams: Streams): readonly string[] =>
  [...streams].flatMap(([source, names]) => names.map((name) => `${source}.${name}`)).sort();

/** What a mapping reads, in two words; undefined when it does not say, or not in this form. */
function fromOf({ raw }: Entry<unknown>): readonly [string, string] | undefined {
  const found = /^(\w+)\.(\w+)$/.exec(textAt(raw, 'from') ?? '');
  return found === null ? undefined : [found[1] ?? '', found[2] ?? ''];
}

const isKnown = (streams: Streams, [source, stream]: readonly [string, string]): boolean =>
  streams.get(source)?.includes(stream) ?? false;

function unknownStream(mapping: Entry<unknown>, { sources, unread }: Entries): readonly Diagnostic[] {
  const from = fromOf(mapping);
  const streams = streamsBySource(sources);
  if (from === undefined || isKnown(streams, from) || mayBeUnread(unread, ...from)) return [];
  const [source, stream] = from;
  const text = from.join('.');
  const whole = valuePlace(mapping.document, '/from');
  const known = streams.get(source);
  const all = allStreams(streams);
  if (known === undefined) {
    return [
      complain('ETL0201', placeWithin(whole, text, 0, source.length), `there is no source \`${source}\``, {
        label: didYouMean(text, all) ?? didYouMean(source, streams.keys()),
        help: [all.length > 0 ? `streams: ${listText(all)}` : 'no source is declared; put one into sources/'],
      }),
    ];
  }
  const place = placeWithin(whole, text, source.length + 1, stream.length);
  return [
    complain('ETL0201', place, `the source \`${source}\` has no stream \`${stream}\``, {
      label: didYouMean(stream, known),
      help: [`streams of ${source}: ${listText(known)}`],
    }),
  ];
}

function unknownMapping(test: Entry<unknown>, { mappings, unread }: Entries): readonly Diagnostic[] {
  const name = textAt(test.raw, 'mapping');
  const names = [...new Set(mappings.flatMap((mapping) => nameOf(mapping) ?? []))];
  if (name === undefined || name.includes('${') || names.includes(name) || mayBeUnread(unread, name))
    return [];
  return [
    complain('ETL0202', valuePlace(test.document, '/mapping'), `there is no mapping \`${name}\``, {
      label: didYouMean(name, names),
      help: [names.length > 0 ? `mappings: ${listText(names)}` : 'no mapping is declared'],
    }),
  ];
}

function sameNames(kind: string, entries: readonly Entry<unknown>[]): readonly Diagnostic[] {
  const first = new Map<string, Entry<unknown>>();
  return entries.flatMap((entry) => {
    const name = nameOf(entry);
    if (name === undefined) return [];
    const before = first.get(name);
    first.set(name, before ?? entry);
    if (before === undefined) return [];
    const other = placeText(valuePlace(before.document, '/name'));
    return complain('ETL0203', valuePlace(entry.document, '/name'), `two ${kind}s are called \`${name}\``, {
      label: `first in ${other}`,
      help: ['Rename one of them; plans, positions and reports go by the name.'],
    });
  });
}

/** Where nothing names the table, the mapping's own name does. */
function tablePlace({ document, raw }: Entry<unknown>) {
  return valuePlace(document, Object.hasOwn(objectAt(raw, 'to'), 'table') ? '/to/table' : '/name');
}

function tableOf(mapping: Entry<unknown>): string | undefined {
  const name = nameOf(mapping);
  const to = objectAt(mapping.raw, 'to');
  const table = textAt(to, 'table') ?? name;
  const full = `${textAt(to, 'schema') ?? 'main'}.${table}`;
  return table === undefined || full.includes('${') ? undefined : full;
}

function tableMistakes({ mappings }: Entries): readonly Diagnostic[] {
  const first = new Map<string, Entry<unknown>>();
  return mappings.flatMap((mapping): readonly Diagnostic[] => {
    const table = tableOf(mapping);
    if (table === undefined) return [];
    if (/\._etl/i.test(table)) {
      return [
        complain('ETL0213', tablePlace(mapping), `the name of the table \`${table}\` is reserved`, {
          help: ['Names that begin with `_etl` are Sluice’s own tables in the warehouse.'],
        }),
      ];
    }
    // Warehouses fold the case of names, so that two names may be one table.
    const before = first.get(table.toLowerCase());
    first.set(table.toLowerCase(), before ?? mapping);
    // Two mappings of one name are complained about for that.
    if (before === undefined || nameOf(before) === nameOf(mapping)) return [];
    return [
      complain('ETL0204', tablePlace(mapping), `two mappings write the table \`${table}\``, {
        label: `also written by \`${nameOf(before)}\` (${placeText(tablePlace(before))})`,
        help: ['Give each mapping its own `to.table`; names that differ only in case are the same table.'],
      }),
    ];
  });
}

/** Whether the source itself names a stream: what else its connector has is there to be read when somebody wants it. */
const isOwn = (source: Entry<unknown>['document'], stream: string): boolean =>
  keyPlace(source, below('/streams', stream)).file === source.file;

/** Streams for whose records others are read. */
const parentStreams = ({ streams }: config.Source): readonly string[] =>
  Object.values(streams).flatMap(({ parent }) => parent?.stream ?? []);

/** A stream that nothing reads would be fetched for nobody. Said only when it is known what every mapping reads. */
function unmapped({ sources, mappings, unread }: Entries): readonly Diagnostic[] {
  const streams = streamsBySource(sources);
  const froms = mappings.map(fromOf);
  if (froms.some((from) => from === undefined || !isKnown(streams, from))) return [];
  const read = new Set(froms.map((from) => from?.join('.')));
  // A file among the sources reads no stream, whatever is wrong with it.
  const others = unread.filter(({ file }) => !file.startsWith('sources/'));
  return sources.flatMap((source) => {
    const name = nameOf(source);
    const listing =
      source.config === undefined ? [] : [...deletionStreams(source.config), ...parentStreams(source.config)];
    return Object.keys(objectAt(source.raw, 'streams'))
      .filter(
        (stream) =>
          name !== undefined &&
          !read.has(`${name}.${stream}`) &&
          isOwn(source.document, stream) &&
          !listing.includes(stream) &&
          !mayBeUnread(others, 'from', stream),
      )
      .map((stream) =>
        complain(
          'ETL0220',
          keyPlace(source.document, below('/streams', stream)),
          `no mapping reads \`${name}.${stream}\``,
          {
            severity: 'warning',
            label: 'its records would go nowhere',
            help: [`Add a mapping with \`from: ${name}.${stream}\`, or remove the stream.`],
          },
        ),
      );
  });
}

/** What files say about each other: names that are unknown, that are there twice, that nobody uses. */
export const crossReferences = (entries: Entries): readonly Diagnostic[] => [
  ...entries.mappings.flatMap((mapping) => unknownStream(mapping, entries)),
  ...[...entries.tests, ...entries.overrides].flatMap((one) => unknownMapping(one, entries)),
  ...sameNames('source', entries.sources.filter(isFirstAccount)),
  ...sameNames('mapping', entries.mappings),
  ...sameNames('test file', entries.tests),
  ...tableMistakes(entries),
  ...unmapped(entries),
];
