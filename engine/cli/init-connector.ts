import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { ConnectorVar } from '../model/connector-config.ts';
import { filesBelow } from './files-below.ts';
import { packageFolder } from './package.ts';
import { type FoundConnector, usualSourceName } from './packaged-connectors.ts';

const template = (name: string): string =>
  readFileSync(join(packageFolder, 'templates', 'connector', name), 'utf8');

const isText = (value: unknown): value is string => typeof value === 'string';

/** A value as YAML: a text that could be read as something else stands in quotes. */
const scalar = (value: string | number | boolean): string =>
  isText(value) && !/^[A-Za-z][\w./-]*$/.test(value) ? JSON.stringify(value) : String(value);

function varLine([name, { default: usual, example, description = '' }]: readonly [
  string,
  ConnectorVar,
]): string {
  const about = description === '' ? '' : `  # ${description}`;
  return usual === undefined
    ? `  ${name}: ${scalar(example ?? '…')}${about}`
    : `  # ${name}: ${scalar(usual)}${about}`;
}

/** The variables of a connector: those that must be given, with an example; the others as they are without a word. */
function varsText({ config }: FoundConnector): string {
  const vars = Object.entries(config.vars ?? {});
  if (vars.length === 0) return '';
  const isNeeded = vars.some(([, one]) => one.default === undefined);
  return [isNeeded ? 'vars:' : '# vars:', ...vars.map(varLine)].join('\n');
}

/** Writes what a project has of a connector to begin with, and names the files. */
export function writeConnected(folder: string, connector: FoundConnector): readonly string[] {
  const init = join(connector.folder, 'init');
  const source = `sources/${usualSourceName(connector.name)}.yml`;
  cpSync(init, folder, { recursive: true });
  mkdirSync(dirname(join(folder, source)), { recursive: true });
  writeFileSync(join(folder, source), template('source.yml'));
  return [source, ...filesBelow(init)];
}

/** The text of a file of the new project. */
export function connectedText(text: string, file: string, connector: FoundConnector): string {
  const [first = 'MAPPING'] = readdirSync(join(connector.folder, 'init', 'mappings')).sort();
  const vars = varsText(connector);
  return (file === 'README.md' ? template('README.md') : text)
    .replaceAll('__VARS__\n', vars === '' ? '' : `${vars}\n`)
    .replaceAll('__CONNECTOR__', connector.name)
    .replaceAll('__SOURCE__', usualSourceName(connector.name))
    .replaceAll('__MAPPING__', first.replace(/\.yml$/, ''));
}
