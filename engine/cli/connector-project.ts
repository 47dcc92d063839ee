import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type * as config from '../model/config.ts';
import { packageFolder } from './package.ts';
import { type FoundConnector, usualSourceName } from './packaged-connectors.ts';

/** Name of the source in a project that tries a connector. */
export const triedSource = 'tried';

/** The variable that holds the key of its tokens. */
export const tokenKeyName = 'CONNECTOR_CHECK_TOKEN_KEY';

/** Pages of the lab: each listing has a few. */
const pagesWanted = 3;

const isPackaged = ({ folder }: FoundConnector): boolean =>
  folder.startsWith(join(packageFolder, 'connectors'));

/** What tries a connector in a project of its own: a source with all of its streams, in small pages. */
export function writeTrial(
  project: string,
  connector: FoundConnector,
  counts: ReadonlyMap<string, number>,
): void {
  const { config: declared, folder, name } = connector;
  const own = `connectors/${usualSourceName(name)}`;
  if (!isPackaged(connector)) cpSync(folder, join(project, own), { recursive: true });
  const streams = Object.entries(declared.streams ?? {});
  const files: Record<string, object> = {
    'etl.yml': {
      kind: 'project',
      name: 'trial',
      environments: { dev: { tokenKey: `\${env:${tokenKeyName}}` } },
    },
    'sources/tried.yml': {
      kind: 'source',
      name: triedSource,
      connector: isPackaged(connector) ? name : `./${own}`,
      vars: exampleVars(connector),
      streams: Object.fromEntries(
        streams.map(([one, stream]) => [one, smaller(stream, counts.get(one) ?? 0)]),
      ),
    },
  };
  for (const [one, stream] of streams) files[`mappings/${one}.yml`] = mappingOf(one, stream);
  for (const [file, content] of Object.entries(files)) {
    mkdirSync(join(project, file, '..'), { recursive: true });
    writeFileSync(join(project, file), JSON.stringify(content));
  }
}

/** JSON is YAML: nothing needs to be quoted. */
const exampleVars = ({ config: { vars = {} } }: FoundConnector): object =>
  Object.fromEntries(
    Object.entries(vars).flatMap(([name, { default: usual, example }]) =>
      usual === undefined && example !== undefined ? [[name, example]] : [],
    ),
  );

function smaller({ paginate }: config.Stream, records: number): object {
  if (paginate?.size === undefined || records === 0) return {};
  return { paginate: { size: Math.min(paginate.size, Math.max(1, Math.ceil(records / pagesWanted))) } };
}

/** Columns of the key, and the cursor. */
const mappingOf = (name: string, stream: config.Stream): object => ({
  kind: 'mapping',
  name,
  from: `${triedSource}.${name}`,
  load: {
    key: stream.primaryKey.map((_, at) => `key_${at}`),
    ...(stream.deletes !== undefined && { deletes: 'soft' }),
  },
  properties: {
    ...Object.fromEntries(stream.primaryKey.map((path, at) => [`key_${at}`, { from: path, type: 'string' }])),
    ...(stream.cursor && { changed: { from: stream.cursor.field, type: 'string' } }),
  },
});
