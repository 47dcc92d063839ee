import type * as config from '../model/config.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import type { SourceDocument } from '../model/project.ts';
import { kindOf, type SourceKind } from '../model/source-kind.ts';
import { below, complain, keyPlace, valuePlace } from './places.ts';

const bases: { readonly [kind in SourceKind]: readonly [RegExp, string] } = {
  http: [/^(https?:\/\/|\$\{)/, 'an http:// or https:// URL'],
  files: [/^(\.{0,2}\/|https?:\/\/|\$\{)/, 'a folder such as ./exports, or an https:// URL'],
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
    const isRemote = /^https?:/.test(baseUrl);
    const here = { document, pointer: below('/streams', name), stream, connector, isRemote };
    return [...foreignKeys(here), ...cursorMistakes(here)];
  });
  return [...base, ...streams];
}

interface Here {
  readonly document: SourceDocument;
  readonly pointer: string;
  readonly stream: config.Stream;
  readonly connector: SourceKind;
  /** Whether files are at URLs. */
  readonly isRemote: boolean;
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
function cursorMistakes(here: Here): readonly Diagnostic[] {
  const { document, pointer, connector } = here;
  const complaint: Complaint = (at, summary, ...help) =>
    complain('ETL0247', valuePlace(document, `${pointer}/${at}`), summary, { label: 'here', help });
  if (connector === 'files') return fileMistakes(here, complaint);
  return connector === 'http' ? [] : columnMistakes(here, complaint);
}

type Complaint = (at: string, summary: string, ...help: string[]) => Diagnostic;

function fileMistakes({ stream, isRemote }: Here, complaint: Complaint): readonly Diagnostic[] {
  const { cursor, request } = stream;
  const outside = request.path.split('/').includes('..')
    ? [complaint('request/path', 'a path does not go up', 'Say another folder in `baseUrl`.')]
    : [];
  const several =
    isRemote && /[*?]/.test(request.path)
      ? [
          complaint(
            'request/path',
            'files at URLs are named one by one',
            'Nothing lists them: write a stream for each file.',
          ),
        ]
      : [];
  if (cursor === undefined || (isFileCursor(cursor) && !(isRemote && cursor.field === '_file')))
    return [...outside, ...several];
  const help = isRemote
    ? 'Write `{field: _modified, type: timestamp}`: the file is read again once its `Last-Modified` is later.'
    : 'Write `{field: _modified, type: timestamp}`, or `{field: _file, type: string}` where names ascend.';
  return [...outside, ...several, complaint('cursor', 'this is no cursor of files', help)];
}

function columnMistakes({ stream }: Here, complaint: Complaint): readonly Diagnostic[] {
  const { cursor, primaryKey } = stream;
  const nested = [...primaryKey, ...(cursor === undefined ? [] : [cursor.field])].find(
    (path) => !/^\w+$/.test(path),
  );
  const help = 'Tables are paged by columns: cursor and key are names of some.';
  return nested === undefined ? [] : [complaint('primaryKey', `\`${nested}\` is no column`, help)];
}

const isFileCursor = ({ field, type = 'timestamp' }: config.Cursor): boolean =>
  (field === '_modified' && type === 'timestamp') || (field === '_file' && type === 'string');
