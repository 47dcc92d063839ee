import type * as config from '../model/config.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import type { Entries, Entry } from './entries.ts';
import { below, complain, keyPlace } from './places.ts';

type Key = 'children' | 'deletes';

/** Keys that say how rows leave, in a table that no row ever leaves. */
const unfit = ({ children, deletes }: config.Mapping['load']): readonly Key[] => [
  ...(children === 'replace' ? (['children'] as const) : []),
  ...(deletes === undefined ? [] : (['deletes'] as const)),
];

function mistakes({ document, config: mapping }: Entry<config.Mapping>): readonly Diagnostic[] {
  if (mapping?.load.strategy !== 'append') return [];
  return unfit(mapping.load).map((key) =>
    complain('ETL0245', keyPlace(document, below('/load', key)), `\`${key}\` does not fit \`append\``, {
      label: 'no row ever leaves this table',
      help: ['A table of `append` keeps every version that was read. Remove the key, or use `merge`.'],
    }),
  );
}

/** Load strategies that do not fit what else a mapping says. */
export const strategyMistakes = ({ mappings }: Entries): readonly Diagnostic[] => mappings.flatMap(mistakes);
