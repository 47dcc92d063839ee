import { defaultAccount } from '../model/accounts.ts';
import type * as config from '../model/config.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import type { SourceDocument } from '../model/project.ts';
import { accountsOfSource } from './accounts.ts';
import { type Entries, nameOf } from './entries.ts';
import { below, complain, keyPlace, valuePlace } from './places.ts';
import { didYouMean, listText } from './suggest.ts';

const dayMs = 86_400_000;

/** The instant at which an override ends: its last day is whole, in UTC. Not a number for a day that no calendar has. */
function endOf(expires: string): number {
  const start = Date.parse(`${expires}T00:00:00Z`);
  const exists = !Number.isNaN(start) && new Date(start).toISOString().startsWith(expires);
  return exists ? start + dayMs : Number.NaN;
}

function expiryMistakes(
  document: SourceDocument,
  pointer: string,
  { expires, record }: config.Override,
  nowMs: number,
): readonly Diagnostic[] {
  const place = valuePlace(document, below(pointer, 'expires'));
  const end = endOf(expires);
  if (Number.isNaN(end)) return [complain('ETL0241', place, `there is no day ${expires}`)];
  if (end > nowMs) return [];
  return [
    complain('ETL0242', place, `the override of record ${record} has expired`, {
      severity: 'warning',
      label: 'no longer applied',
      help: [
        'Rows that were made with it stay as they are; a page that is mapped again is mapped without it.',
        'Give it another date, or remove it.',
      ],
    }),
  ];
}

function propertyMistakes(
  document: SourceDocument,
  pointer: string,
  name: string,
  mapping: config.Mapping,
): readonly Diagnostic[] {
  const place = keyPlace(document, pointer);
  const property = mapping.properties[name];
  if (property === undefined) {
    const names = Object.keys(mapping.properties);
    return [
      complain('ETL0205', place, `\`${mapping.name}\` has no column \`${name}\``, {
        label: didYouMean(name, names),
        help: [`columns: ${listText(names, 24)}`],
      }),
    ];
  }
  if (property.pii === undefined) return [];
  return [
    complain('ETL0243', place, `\`${name}\` is personal data, which no override may hold`, {
      label: `\`pii: ${property.pii}\``,
      help: ['Overrides are kept in git. Have the value mended at its source instead.'],
    }),
  ];
}

function overrideMistakes(
  document: SourceDocument,
  override: config.Override,
  at: number,
  mapping: config.Mapping | undefined,
  nowMs: number,
): readonly Diagnostic[] {
  const pointer = `/overrides/${at}`;
  const expired = expiryMistakes(document, pointer, override, nowMs);
  if (mapping === undefined) return expired;
  const set = Object.keys(override.set).map((name) => [below(pointer, 'set', name), name] as const);
  const was = Object.keys(override.was ?? {}).map((name) => [below(pointer, 'was', name), name] as const);
  const lost = was.filter(([, name]) => !Object.hasOwn(override.set, name));
  return [
    ...expired,
    ...[...set, ...was].flatMap(([place, name]) => propertyMistakes(document, place, name, mapping)),
    ...lost.map(([place, name]) =>
      complain('ETL0241', keyPlace(document, place), `\`was\` names \`${name}\`, which is not set`, {
        help: [`Set \`${name}\` as well, or leave it out of \`was\`.`],
      }),
    ),
    ...(override.index !== undefined && mapping.each === undefined
      ? [
          complain('ETL0241', valuePlace(document, below(pointer, 'index')), 'the mapping has no elements', {
            help: [`\`${mapping.name}\` has no \`each\`: leave \`index\` out.`],
          }),
        ]
      : []),
  ];
}

/** Of which account's record it is, where there are several. */
function accountMistakes(
  document: SourceDocument,
  { account }: config.Override,
  at: number,
  known: readonly string[],
): readonly Diagnostic[] {
  if (known.includes(account ?? defaultAccount)) return [];
  const pointer = `/overrides/${at}`;
  if (account === undefined)
    return [
      complain('ETL0241', keyPlace(document, below(pointer, 'record')), 'nobody knows whose record it is', {
        label: 'needs `account`',
        help: [`Records of two accounts may have the same key. Accounts: ${listText(known)}.`],
      }),
    ];
  return [
    complain(
      'ETL0241',
      valuePlace(document, below(pointer, 'account')),
      `there is no account \`${account}\``,
      {
        label: didYouMean(account, known),
        help: [`Accounts: ${listText(known)}.`],
      },
    ),
  ];
}

/** What overrides say about mappings that do not have it, and those that have run out. */
export function overridesMistakes(entries: Entries, nowMs: number): readonly Diagnostic[] {
  return entries.overrides.flatMap(({ document, config }) => {
    if (config === undefined) return [];
    const mapping = entries.mappings.find((one) => nameOf(one) === config.mapping)?.config;
    const accounts = mapping && accountsOfSource(entries, mapping.from.split('.')[0] ?? '');
    return config.overrides.flatMap((override, at) => [
      ...overrideMistakes(document, override, at, mapping, nowMs),
      ...(accounts === undefined ? [] : accountMistakes(document, override, at, accounts)),
    ]);
  });
}
