import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { ConnectorConfig } from '../model/connector-config.ts';
import { complaint, RefusedError } from '../model/errors.ts';
import type { SourceDocument } from '../model/project.ts';
import { codeFolders } from '../model/source-kind.ts';
import { readConnector } from '../read/connectors.ts';
import { didYouMean, listText } from '../validate/suggest.ts';
import { packageFolder } from './package.ts';

/** A connector that was found. */
export interface FoundConnector {
  /** As a source names it. */
  readonly name: string;
  /** Absolute. */
  readonly folder: string;
  readonly document: SourceDocument;
  readonly config: ConnectorConfig;
}

const home = join(packageFolder, 'connectors');

/** Names of the connectors that come with the package. */
export const packagedNames = (): readonly string[] =>
  readdirSync(home, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !codeFolders.includes(entry.name))
    .map(({ name }) => name)
    .sort();

/** A connector of the package. @throws RefusedError (exit 3) when there is none of the name, or it cannot be read */
export async function packagedConnector(name: string): Promise<FoundConnector> {
  const names = packagedNames();
  if (!names.includes(name)) {
    const guess = didYouMean(name, names);
    throw new RefusedError('invalid', [
      complaint(
        'ETL0271',
        `there is no connector ${name}${guess === undefined ? '' : `: ${guess}`}`,
        `Connectors: ${listText(names)}.`,
      ),
    ]);
  }
  return foundConnector(name, join(home, name), `sluice-etl/connectors/${name}/connector.yml`);
}

/** The connector in a folder. @throws RefusedError (exit 3) when it cannot be read */
async function foundConnector(name: string, folder: string, file: string): Promise<FoundConnector> {
  const document = await readConnector(join(folder, 'connector.yml'), file);
  if (!('file' in document)) throw new RefusedError('invalid', document);
  return { name, folder, document, config: (document.value ?? {}) as ConnectorConfig };
}

/**
 * The connector that a name or a folder of a project (`./connectors/erp`) stands for.
 * @throws RefusedError (exit 3) when there is none, or it cannot be read
 */
export const connectorOf = (name: string, project: string): Promise<FoundConnector> =>
  name.startsWith('.')
    ? foundConnector(name, resolve(project, name), `${name.replace(/^\.\//, '')}/connector.yml`)
    : packagedConnector(name);

/** What a source is called that reads a connector, unless somebody chooses: a name of the language. */
export const usualSourceName = (connector: string): string =>
  (connector.split('/').at(-1) ?? connector).replace(/[^A-Za-z0-9_]+/g, '_');
