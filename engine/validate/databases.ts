import type { Diagnostic } from '../model/diagnostic.ts';
import type { SourceDocument } from '../model/project.ts';
import { chooseEnvironment, settingsOf } from './environment.ts';
import { isJson, type Json, objectAt } from './json.ts';
import { below, complain, keyPlace } from './places.ts';
import { listText } from './suggest.ts';

/** The settings of an environment that say what a database is. */
export type DatabaseSection = 'staging' | 'warehouse';

/** One key says which kind of database it is. */
interface Section {
  readonly name: DatabaseSection;
  readonly chooser: string;
  readonly usual: string;
  /** Keys of each kind that not all have, and those that it cannot do without, each with an example. */
  readonly kinds: {
    readonly [kind: string]: {
      readonly keys: readonly string[];
      readonly required?: { readonly [key: string]: string };
      /** Of these it needs one. */
      readonly oneOf?: { readonly keys: readonly string[]; readonly example: string };
    };
  };
}

const snowflakeKeys = [
  ...[
    'account',
    'host',
    'user',
    'authenticator',
    'password',
    'privateKey',
    'privateKeyPath',
    'privateKeyPass',
  ],
  ...['token', 'role', 'warehouse', 'database', 'schema', 'statementTimeout', 'fileSize', 'uploads'],
];

const sections: readonly Section[] = [
  {
    name: 'staging',
    chooser: 'dialect',
    usual: 'sqlite',
    kinds: {
      sqlite: { keys: ['storage'] },
      postgres: { keys: ['url', 'schema'], required: { url: 'url: "${env:STAGING_URL}"' } },
    },
  },
  {
    name: 'warehouse',
    chooser: 'type',
    usual: 'duckdb',
    kinds: {
      duckdb: { keys: ['path', 'memory', 'schema'] },
      postgres: { keys: ['url', 'schema'], required: { url: 'url: "${env:WAREHOUSE_URL}"' } },
      snowflake: {
        keys: snowflakeKeys,
        oneOf: {
          keys: ['privateKey', 'privateKeyPath', 'password', 'token'],
          example: 'privateKey: "${file:/run/secrets/snowflake.p8}"',
        },
        required: {
          account: 'account: ACME-ANALYTICS',
          user: 'user: SLUICE',
          database: 'database: ANALYTICS',
        },
      },
    },
  },
];

/** Whether a key belongs to other kinds of database than the one that is chosen. */
export function isForeign(name: DatabaseSection, settings: Json, key: string): boolean {
  const section = sections.find((one) => one.name === name);
  const chosen = settings[section?.chooser ?? ''] ?? section?.usual;
  const owners = Object.entries(section?.kinds ?? {}).filter(([, { keys }]) => keys.includes(key));
  return owners.length > 0 && !owners.some(([kind]) => kind === chosen);
}

/** What the keys of `staging` and `warehouse` mean together, in each environment; what one extends counts as its own. */
export const databaseMistakes = (document: SourceDocument): readonly Diagnostic[] =>
  sections.flatMap((section) =>
    Object.keys(objectAt(document.value, 'environments')).flatMap((name) =>
      mistakesIn(document, section, name),
    ),
  );

function mistakesIn(document: SourceDocument, section: Section, name: string): readonly Diagnostic[] {
  const own = objectAt(document.value, 'environments', name)[section.name];
  if (!isJson(own)) return [];
  const { chain } = chooseEnvironment(document, name);
  const settings = settingsOf(objectAt(document.value), chain, section.name);
  const chosen = settings[section.chooser] ?? section.usual;
  const kind = typeof chosen === 'string' ? section.kinds[chosen] : undefined;
  if (kind === undefined || typeof chosen !== 'string') return [];
  const pointer = below('', 'environments', name, section.name);
  const lacking = Object.entries(kind.required ?? {}).filter(([key]) => settings[key] === undefined);
  return [
    ...foreignKeys(document, pointer, Object.keys(own), section, chosen),
    ...withoutAny(document, pointer, section, chosen, settings),
    ...lacking.map(([key, example]) => missingKey(document, pointer, section, chosen, key, example)),
  ];
}

function withoutAny(
  document: SourceDocument,
  pointer: string,
  section: Section,
  chosen: string,
  settings: { readonly [key: string]: unknown },
): readonly Diagnostic[] {
  const oneOf = section.kinds[chosen]?.oneOf;
  if (oneOf === undefined || oneOf.keys.some((key) => settings[key] !== undefined)) return [];
  return [missingKey(document, pointer, section, chosen, oneOf.keys.join('` or `'), oneOf.example)];
}

function foreignKeys(
  document: SourceDocument,
  pointer: string,
  keys: readonly string[],
  { name, chooser, kinds }: Section,
  chosen: string,
): readonly Diagnostic[] {
  const ownersOf = (key: string): readonly string[] =>
    Object.keys(kinds).filter((kind) => kinds[kind]?.keys.includes(key));
  return keys
    .filter((key) => isForeign(name, { [chooser]: chosen }, key))
    .map((key) => {
      const others = ownersOf(key).map((kind) => `\`${chooser}: ${kind}\``);
      const own = kinds[chosen]?.keys ?? [];
      return complain(
        'ETL0104',
        keyPlace(document, below(pointer, key)),
        `\`${key}\` is not a key of \`${chooser}: ${chosen}\``,
        {
          label: `only of ${others.join(' and ')}`,
          help: [`Write ${others.join(' or ')}, or remove it; ${chosen} has ${listText(own)}.`],
        },
      );
    });
}

const missingKey = (
  document: SourceDocument,
  pointer: string,
  { name, chooser }: Section,
  chosen: string,
  key: string,
  example: string,
): Diagnostic =>
  complain('ETL0102', keyPlace(document, pointer), `\`${key}\` is missing in \`${name}\``, {
    label: `\`${chooser}: ${chosen}\` needs \`${key}\``,
    help: [`for example: ${example}`],
  });
