import type * as config from '../model/config.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import { type Entries, type Entry, nameOf } from './entries.ts';
import { below, complain, keyPlace, valuePlace } from './places.ts';

const code = 'ETL0245';

/** Keys that say how rows leave, in a table that no row ever leaves. */
const leaving = ({ children, deletes }: config.Load): readonly (keyof config.Load)[] => [
  ...(children === 'replace' ? (['children'] as const) : []),
  ...(deletes === undefined ? [] : (['deletes'] as const)),
];

/** Keys that say that rows stay, or come bit by bit, in a table that holds just what a listing has. */
const partial = ({ children, rowsMax }: config.Load): readonly (keyof config.Load)[] => [
  ...(children === 'keep' ? (['children'] as const) : []),
  ...(rowsMax === undefined ? [] : (['rowsMax'] as const)),
];

function mistakes(
  { document, config: mapping }: Entry<config.Mapping>,
  { sources }: Entries,
): readonly Diagnostic[] {
  if (mapping === undefined) return [];
  const { load, from } = mapping;
  const unfit = (key: string, strategy: string, label: string, help: string): Diagnostic =>
    complain(code, keyPlace(document, below('/load', key)), `\`${key}\` does not fit \`${strategy}\``, {
      label,
      help: [help],
    });
  if (load.strategy === 'append') {
    const help = 'A table of `append` keeps every version that was read. Remove the key, or use `merge`.';
    return leaving(load).map((key) => unfit(key, 'append', 'no row ever leaves this table', help));
  }
  if (load.strategy === 'replace') {
    const help = 'A table of `replace` holds just what the listing has. Remove the key, or use `merge`.';
    const [source, name = ''] = from.split('.');
    const stream = sources.find((entry) => nameOf(entry) === source)?.config?.streams[name];
    const reason = stream && notListedWhole(from, stream);
    return [
      ...partial(load).map((key) => unfit(key, 'replace', 'a listing is loaded whole', help)),
      ...(reason === undefined
        ? []
        : [
            complain(
              code,
              valuePlace(document, '/load/strategy'),
              '`replace` does not fit the stream',
              reason,
            ),
          ]),
    ];
  }
  if (load.threshold === undefined) return [];
  return [
    complain(code, keyPlace(document, '/load/threshold'), '`threshold` means nothing without `replace`', {
      severity: 'warning',
      label: 'has no effect',
      help: ['A sweep has a `threshold` of its own, below `deletes` of the stream.'],
    }),
  ];
}

/** Why a stream says nothing of what it does not mention. */
function notListedWhole(
  from: string,
  { cursor, parent, deletes = [] }: config.Stream,
): { readonly label: string; readonly help: readonly string[] } | undefined {
  if (cursor !== undefined)
    return {
      label: `${from} has a cursor`,
      help: [
        'With a cursor a run reads only what has changed. Remove `cursor` of the stream, so that each run reads all of it,',
        'or use `merge`: `deletes: [{by: sweep}]` of the stream finds what is gone.',
      ],
    };
  if (parent !== undefined && parent.which !== 'all')
    return {
      label: `${from} is read for what changed of ${parent.stream}`,
      help: [
        'What is read for some records of its parent would take the rows of all others away. Say `which: all` below `parent`,',
        'so that each run reads all of it, or use `merge`.',
      ],
    };
  if (deletes.some(({ by }) => by === 'sweep'))
    return {
      label: `${from} has a sweep`,
      help: ['Without a cursor every run reads the whole listing: remove the sweep, or use `merge`.'],
    };
  return undefined;
}

/** Load strategies that do not fit what else a mapping says. */
export const strategyMistakes = (entries: Entries): readonly Diagnostic[] =>
  entries.mappings.flatMap((mapping) => mistakes(mapping, entries));
