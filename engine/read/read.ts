import { existsSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import type { Diagnostic } from '../model/diagnostic.ts';
import { complaint } from '../model/errors.ts';
import type { ProjectFiles, SourceDocument, UnreadFile } from '../model/project.ts';
import { readAssets } from './assets.ts';
import { readConnectors } from './connectors.ts';
import { readDocument } from './document.ts';
import { listFiles } from './list-files.ts';
import { maskLine, secretKeys } from './mask-line.ts';
import { readProjectTemplates } from './project-templates.ts';
import { readText } from './read-text.ts';

/** What reading a project gives. A file with an error is in `files.unread` and in no other place. */
export interface ReadResult {
  readonly files: ProjectFiles;
  readonly diagnostics: readonly Diagnostic[];
}

/** One file: a document, or what is wrong with it; neither, when it is not a file of the project. */
interface FileResult {
  readonly document?: SourceDocument;
  readonly unread?: UnreadFile;
  readonly diagnostics?: readonly Diagnostic[];
}

const projectFile = 'etl.yml';

/** Whether a file must be one of ours by where it stands. Others are ours when they have a `kind`. */
const isOurs = (file: string): boolean =>
  file === projectFile ||
  /^(sources|mappings|tests|overrides|generated|catalogs)\//.test(file) ||
  /^connectors\/[^/]+\/connector\.ya?ml$/.test(file);

/** Files of other tools share the folder: a Kubernetes manifest has a `kind`, too, but always an `apiVersion`. */
const looksForeign = (text: string): boolean => !/^kind\s*:/m.test(text) || /^apiVersion\s*:/m.test(text);

const hasKind = ({ value }: SourceDocument): boolean =>
  typeof value === 'object' && value !== null && 'kind' in value && !('apiVersion' in value);

async function readOne(folder: string, file: string): Promise<FileResult> {
  const text = await readText(join(folder, file), file);
  if (typeof text !== 'string') return isOurs(file) ? { unread: { file }, diagnostics: [text] } : {};
  const found = readDocument(file, text);
  if ('file' in found) return isOurs(file) || hasKind(found) ? { document: found } : {};
  return !isOurs(file) && looksForeign(text) ? {} : { unread: { file, text }, diagnostics: found };
}

const isFile = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isFile() === true;

function noProject(folder: string): Diagnostic {
  if (isFile(folder)) {
    return complaint(
      'ETL0001',
      `no project: ${folder} is a file`,
      basename(folder) === projectFile
        ? `Name the folder instead: ${dirname(folder)}.`
        : `Name the folder that holds ${projectFile}.`,
    );
  }
  const misnamed = existsSync(join(folder, 'etl.yaml'));
  return complaint(
    'ETL0001',
    `no project: there is no ${projectFile} in ${folder}`,
    misnamed
      ? 'Rename etl.yaml to etl.yml.'
      : 'Run `etl init` to make one, or `cd` into the folder of a project.',
  );
}

/**
 * Reads the YAML files of a project, and what comes with the package (`assetsFolder` has schema.json and templates/).
 * The order of files, and so of everything after, does not depend on the file system.
 */
export async function readProject(folder: string, assetsFolder: string): Promise<ReadResult> {
  const assets = await readAssets(assetsFolder);
  const absolute = resolve(folder);
  const exists = existsSync(join(absolute, projectFile));
  const results: FileResult[] = [];
  for (const file of exists ? await listFiles(absolute) : []) results.push(await readOne(absolute, file));
  const names = secretKeys(assets.schema);
  const documents = results.flatMap(({ document }) => document ?? []);
  const { connectors, ...found } = await readConnectors(assetsFolder, documents);
  const diagnostics = [...results.flatMap((result) => result.diagnostics ?? []), ...found.diagnostics];
  return {
    files: {
      folder: absolute,
      documents,
      unread: results.flatMap(({ unread }) => unread ?? []),
      ...assets,
      ownTemplates: exists ? await readProjectTemplates(absolute) : [],
      connectors,
    },
    diagnostics: exists ? diagnostics.map((diagnostic) => maskLine(diagnostic, names)) : [noProject(folder)],
  };
}
