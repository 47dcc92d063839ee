import type { Diagnostic } from '../model/diagnostic.ts';
import type { SourceDocument } from '../model/project.ts';
import { chooseEnvironment, settingsOf } from './environment.ts';
import { isJson, objectAt } from './json.ts';
import { below, complain, keyPlace } from './places.ts';

/** Keys that one dialect alone knows. */
const keysOf = { sqlite: ['storage'], postgres: ['url', 'schema'] } as const;

type Dialect = keyof typeof keysOf;

const isDialect = (value: unknown): value is Dialect => value === 'sqlite' || value === 'postgres';

/** What the keys of `staging` mean together, in each environment; what one extends counts as its own. */
export function stagingMistakes(document: SourceDocument): readonly Diagnostic[] {
  return Object.keys(objectAt(document.value, 'environments')).flatMap((name) => mistakesIn(document, name));
}

function mistakesIn(document: SourceDocument, name: string): readonly Diagnostic[] {
  const own = objectAt(document.value, 'environments', name)['staging'];
  if (!isJson(own)) return [];
  const settings = settingsOf(objectAt(document.value), chooseEnvironment(document, name).chain, 'staging');
  const { dialect = 'sqlite' } = settings;
  if (!isDialect(dialect)) return [];
  const pointer = below('', 'environments', name, 'staging');
  return [
    ...foreignKeys(document, pointer, Object.keys(own), dialect),
    ...(dialect === 'postgres' && settings['url'] === undefined ? [missingUrl(document, pointer)] : []),
  ];
}

function foreignKeys(
  document: SourceDocument,
  pointer: string,
  keys: readonly string[],
  dialect: Dialect,
): readonly Diagnostic[] {
  const other = dialect === 'sqlite' ? 'postgres' : 'sqlite';
  const known: readonly string[] = keysOf[other];
  return keys
    .filter((key) => known.includes(key))
    .map((key) =>
      complain(
        'ETL0104',
        keyPlace(document, below(pointer, key)),
        `\`${key}\` is not a key of \`dialect: ${dialect}\``,
        {
          label: `only of \`dialect: ${other}\``,
          help: [
            `Write \`dialect: ${other}\`, or remove it; ${dialect} has ${keysOf[dialect].join(' and ')}.`,
          ],
        },
      ),
    );
}

const missingUrl = (document: SourceDocument, pointer: string): Diagnostic =>
  complain('ETL0102', keyPlace(document, pointer), '`url` is missing in `staging`', {
    label: '`dialect: postgres` needs `url`',
    help: ['for example: url: "${env:STAGING_URL}"'],
  });
