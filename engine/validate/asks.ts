import type * as config from '../model/config.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import type { SourceDocument } from '../model/project.ts';
import { kindOf, type SourceKind } from '../model/source-kind.ts';
import { below, complain, keyPlace, valuePlace } from './places.ts';

const bases: { readonly [kind in SourceKind]: readonly [RegExp, string] } = {
  http: [/^(https?:\/\/|\$\{)/, 'an http:// or https:// URL'],
  files: [/^(\.{0,2}\/|\$\{)/, 'a folder such as ./exports'],
  postgres: [/^(postgres(ql)?:\/\/|\$\{)/, 'postgres://HOST/DATABASE'],
  mysql: [/^(mysql|mariadb):\/\/|^\$\{/, 'mysql://HOST/DATABASE'],
};

/** Whether a source is read by asking files or a database, not an API. */
export const isAsked = ({ connector }: config.Source): boolean => kindOf(connector) !== 'http';

/** What does not fit the way a source is read. */
export function askMistakes(document: SourceDocument, source: config.Source): readonly Diagnostic[] {
  const { baseUrl } = source;
  const connector = kindOf(source.connector);
  const [pattern, wanted] = bases[connector];
  const base = pattern.test(baseUrl)
    ? []
    : [
        complain(
          'ETL0247',
          valuePlace(document, '/baseUrl'),
          `\`baseUrl\` does not fit \`connector: ${connector}\``,
          {
            label: `expected ${wanted}`,
            help: [],
          },
        ),
      ];
  const streams = Object.entries(source.streams).flatMap(([name, stream]) => {
    const here = { document, pointer: below('/streams', name), stream, connector };
    return [...foreignKeys(here), ...cursorMistakes(here)];
  });
  return [...base, ...streams];
}

interface Here {
  readonly document: SourceDocument;
  readonly pointer: string;
  readonly stream: config.Stream;
  readonly connector: SourceKind;
}

const askedOnly = ['pageRows', 'request/sql'];
const apiOnly = [
  'paginate',
  'partitions',
  'parent',
  'job',
  'lookups',
  'cache',
  'rowCount',
  'request/query',
  'request/body',
  'request/method',
  'request/headers',
];
const foreign: { readonly [kind in SourceKind]: readonly string[] } = {
  http: askedOnly,
  files: [...apiOnly, 'request/sql'],
  postgres: [...apiOnly, 'format', 'csv', 'zip', 'records'],
  mysql: [...apiOnly, 'format', 'csv', 'zip', 'records'],
};

function foreignKeys({ document, pointer, stream, connector }: Here): readonly Diagnostic[] {
  const found = foreign[connector].filter((path) => valueAt(stream, path) !== undefined);
  const parquet = connector === 'http' && stream.format === 'parquet' ? ['format'] : [];
  return [...found, ...parquet].map((path) =>
    complain(
      'ETL0247',
      keyPlace(document, below(pointer, ...path.split('/'))),
      `\`${path.replace('/', '.')}\` does not fit \`connector: ${connector}\``,
      {
        label: connector === 'http' ? 'only for files and tables' : 'has no place here',
        help: ['Leave it out.'],
      },
    ),
  );
}

function valueAt(stream: config.Stream, path: string): unknown {
  let found: unknown = stream;
  for (const key of path.split('/'))
    found = (found as { readonly [key: string]: unknown } | undefined)?.[key];
  return found;
}

/** Files are chosen by their own name or time; tables by a column. */
function cursorMistakes({ document, pointer, stream, connector }: Here): readonly Diagnostic[] {
  const { cursor, primaryKey, request } = stream;
  const complaint = (at: string, summary: string, ...help: string[]): Diagnostic =>
    complain('ETL0247', valuePlace(document, `${pointer}/${at}`), summary, { label: 'here', help });
  if (connector === 'files') {
    const outside = request.path.split('/').includes('..')
      ? [complaint('request/path', 'a path does not go up', 'Say another folder in `baseUrl`.')]
      : [];
    if (cursor === undefined || isFileCursor(cursor)) return outside;
    const help =
      'Write `{field: _modified, type: timestamp}`, or `{field: _file, type: string}` where names ascend.';
    return [...outside, complaint('cursor', 'this is no cursor of files', help)];
  }
  if (connector === 'http') return [];
  const nested = [...primaryKey, ...(cursor === undefined ? [] : [cursor.field])].find(
    (path) => !/^\w+$/.test(path),
  );
  return nested === undefined
    ? []
    : [
        complaint(
          'primaryKey',
          `\`${nested}\` is no column`,
          'Tables are paged by columns: cursor and key are names of some.',
        ),
      ];
}

const isFileCursor = ({ field, type = 'timestamp' }: config.Cursor): boolean =>
  (field === '_modified' && type === 'timestamp') || (field === '_file' && type === 'string');
