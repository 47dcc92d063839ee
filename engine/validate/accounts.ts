import type * as config from '../model/config.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import type { SourceDocument } from '../model/project.ts';
import type { ExtendedFiles, NamedConnector } from './connectors.ts';
import { type Entries, type Entry, nameOf } from './entries.ts';
import { extend } from './extend.ts';
import { at, isJson, objectAt, textAt } from './json.ts';
import { below, complain, keyPlace, placeText, pointerParts, valuePlace } from './places.ts';
import { didYouMean, listText } from './suggest.ts';

/** The documents of a project, its sources as each of their accounts has them; any other document as it is. */
export function withAllAccounts({
  documents,
  connectors,
}: Pick<ExtendedFiles, 'documents' | 'connectors'>): Pick<ExtendedFiles, 'documents' | 'connectors'> {
  const named = new Map<SourceDocument, NamedConnector>();
  const all = documents.flatMap((document) => {
    const connector = connectors.get(document);
    const own = withAccounts(document);
    if (connector !== undefined) for (const one of own) named.set(one, connector);
    return own;
  });
  return { documents: all, connectors: named };
}

function withAccounts(document: SourceDocument): readonly SourceDocument[] {
  const names = textAt(document.value, 'kind') === 'source' ? accountNames(document) : [];
  if (names.length === 0) return [document];
  return names.map((account) => ({
    ...extend(document, partAt(document, below('/accounts', account))),
    account,
  }));
}

/** A part of a document as a document of its own. */
function partAt({ file, value, nodes }: SourceDocument, pointer: string): SourceDocument {
  const own = [...nodes].filter(([other]) => other === pointer || other.startsWith(`${pointer}/`));
  return {
    file,
    value: at(value, pointerParts(pointer)),
    nodes: new Map(own.map(([other, node]) => [other.slice(pointer.length), node])),
  };
}

/** The first account of a source stands for all of them where what is looked at is the same. */
export const isFirstAccount = ({ document }: Entry<config.Source>): boolean =>
  document.account === undefined || document.account === accountNames(document)[0];

const accountNames = ({ value }: SourceDocument): readonly string[] =>
  Object.entries(objectAt(value, 'accounts')).flatMap(([name, account]) => (isJson(account) ? [name] : []));

/** The accounts of the source of this name. */
export const accountsOfSource = ({ sources }: Entries, name: string): readonly string[] => {
  const own = sources.filter((source) => nameOf(source) === name);
  return own.map(({ document }) => document.account ?? 'default');
};

/** What accounts of a source must not have in common, and accounts that there are not. */
export const accountMistakes = ({ sources }: Entries): readonly Diagnostic[] => [
  ...readTwice(sources),
  ...sameSecrets(sources),
  ...sources.flatMap(unknownAccounts),
];

/** Everything that decides which data an account reads. */
const readBy = ({ name, baseUrl, auth, headers, streams }: config.Source, account: string): string =>
  JSON.stringify([name, baseUrl, auth, headers, streams]).replaceAll('{account}', () => account);

function readTwice(sources: Entries['sources']): readonly Diagnostic[] {
  const first = new Map<string, string>();
  return sources.flatMap(({ document, config: source }) => {
    const { account } = document;
    if (source === undefined || account === undefined) return [];
    const read = readBy(source, account);
    const before = first.get(read);
    if (before === undefined) {
      first.set(read, account);
      return [];
    }
    const place = keyPlace(document, below('/accounts', account));
    return complain('ETL0251', place, `the accounts \`${before}\` and \`${account}\` are one and the same`, {
      label: `asks for just what \`${before}\` does`,
      help: [
        `${listText(Object.keys(source.streams).map((name) => `${source.name}.${name}`))} would be read twice, and every row would be there twice.`,
        'Give each its own `auth`, `baseUrl`, `headers` or `vars`.',
      ],
    });
  });
}

/** Keys of `auth` of which each account has its own; a client's secret may be the application's. */
const ownKeys = ['value', 'token', 'password', 'refreshToken'] as const;

/** A credential that an account says itself. */
interface OwnSecret {
  readonly document: SourceDocument;
  readonly account: string;
  readonly pointer: string;
  readonly key: (typeof ownKeys)[number];
  /** The same for the same credential of the same source. */
  readonly id: string;
}

function ownSecrets({ document, config: source }: Entry<config.Source>): readonly OwnSecret[] {
  const { account } = document;
  if (account === undefined) return [];
  return ownKeys.flatMap((key) => {
    const pointer = below('/accounts', account, 'auth', key);
    const secret = source?.auth?.[key];
    if (secret === undefined || at(document.value, pointerParts(pointer)) === undefined) return [];
    return [{ document, account, pointer, key, id: JSON.stringify([source?.name, key, secret]) }];
  });
}

/** The same reference written for two accounts: one of them reads with the credentials of the other. */
function sameSecrets(sources: Entries['sources']): readonly Diagnostic[] {
  const first = new Map<string, OwnSecret>();
  return sources.flatMap(ownSecrets).flatMap((secret) => {
    const { document, account, pointer, key, id } = secret;
    const before = first.get(id);
    first.set(id, before ?? secret);
    if (before === undefined) return [];
    const summary = `the accounts \`${before.account}\` and \`${account}\` have the same \`${key}\``;
    return [
      complain('ETL0252', valuePlace(document, pointer), summary, {
        severity: 'warning',
        label: `also in ${placeText(valuePlace(before.document, before.pointer))}`,
        help: [
          'Both would read what one credential shows. One that is meant for all accounts belongs into `auth` of the source.',
        ],
      }),
    ];
  });
}

/** Accounts that faults of the lab name. */
function unknownAccounts({ document, config: source }: Entry<config.Source>): readonly Diagnostic[] {
  const known = document.account === undefined ? ['default'] : accountNames(document);
  return (source?.lab?.faults ?? []).flatMap(({ account = [] }, fault) =>
    account.flatMap((name, index) =>
      known.includes(name)
        ? []
        : [
            complain(
              'ETL0201',
              valuePlace(document, below('/lab/faults', fault, 'account', index)),
              `the source \`${source?.name}\` has no account \`${name}\``,
              { label: didYouMean(name, known), help: [`accounts of ${source?.name}: ${listText(known)}`] },
            ),
          ],
    ),
  );
}
