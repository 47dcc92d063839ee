import type { Diagnostic } from '../model/diagnostic.ts';
import type { Project, ProjectFiles, SourceDocument, UnreadFile } from '../model/project.ts';
import { sourceKinds } from '../model/source-kind.ts';
import { type Entries, nameOf } from './entries.ts';
import { extend } from './extend.ts';
import { isJson, objectAt, textAt } from './json.ts';
import { below, complain, keyPlace, valuePlace } from './places.ts';
import { didYouMean, listText } from './suggest.ts';

/** A connector as a source names it. */
export interface NamedConnector {
  /** As the source writes it. */
  readonly name: string;
  /** Absolute. */
  readonly folder: string;
  readonly document: SourceDocument;
}

/** The documents of a project, with what connectors say merged under their sources. */
export interface ExtendedFiles {
  readonly documents: readonly SourceDocument[];
  /** By the document of a source, merged. */
  readonly connectors: ReadonlyMap<SourceDocument, NamedConnector>;
  /** Sources whose connector is not to be had: nobody knows what they declare. */
  readonly unread: readonly UnreadFile[];
  readonly diagnostics: readonly Diagnostic[];
}

/** What a connector says of itself, and not of the sources that name it. */
const ofConnectorsOnly = ['kind', 'title', 'checked', 'docs', 'vars'];

/** Why a source has no connector: where there are diagnostics they say so, otherwise its file is complained about elsewhere. */
interface Missing {
  readonly diagnostics: readonly Diagnostic[];
}

const isKind = (name: string): boolean => sourceKinds.some((kind) => kind === name);

/** What a source names, where that is more than the generic connector; undefined where the schema says what is wrong. */
function connectorName({ value }: SourceDocument): string | undefined {
  if (textAt(value, 'kind') !== 'source') return undefined;
  const name = textAt(value, 'connector');
  return name === undefined || name === '' || isKind(name) ? undefined : name;
}

/** The folder that `./connectors/erp` names, as files of a project are named. */
const folderOf = (name: string): string => name.replace(/^\.\//, '').replace(/\/+$/, '');

function missingFile(source: SourceDocument, name: string, files: ProjectFiles): Diagnostic {
  const own = files.documents
    .filter(({ value }) => textAt(value, 'kind') === 'connector')
    .map(({ file }) => `./${file.slice(0, file.lastIndexOf('/'))}`);
  const file = `${folderOf(name)}/connector.yml`;
  return complain('ETL0272', valuePlace(source, '/connector'), `there is no connector in ${name}`, {
    label: didYouMean(name, own) ?? `no ${file}`,
    help: [
      own.length > 0
        ? `connectors of this project: ${listText(own)}`
        : `Write ${file}, relative to the project: \`kind: connector\`, and what a source would say.`,
    ],
  });
}

function ownConnector(source: SourceDocument, name: string, files: ProjectFiles): NamedConnector | Missing {
  const relative = folderOf(name);
  if (relative.split('/').includes('..')) {
    const words = {
      label: 'outside of the project',
      help: ['A connector of one’s own is in the project’s folder, so that it is reviewed with it.'],
    };
    const summary = `the connector ${name} is not in this project`;
    return { diagnostics: [complain('ETL0272', valuePlace(source, '/connector'), summary, words)] };
  }
  const wanted = ['yml', 'yaml'].map((ending) => `${relative}/connector.${ending}`);
  const document = files.documents.find(
    ({ file, value }) => wanted.includes(file) && textAt(value, 'kind') === 'connector',
  );
  if (document !== undefined) return { name, folder: `${files.folder}/${relative}`, document };
  const isThere = [...files.documents, ...files.unread].some(({ file }) => wanted.includes(file));
  return { diagnostics: isThere ? [] : [missingFile(source, name, files)] };
}

function packagedConnector(
  source: SourceDocument,
  name: string,
  { connectors }: ProjectFiles,
): NamedConnector | Missing {
  const { packaged, documents, folder } = connectors;
  const document = documents.get(name);
  if (document !== undefined) return { name, folder: `${folder}/${name}`, document };
  if (packaged.includes(name)) return { diagnostics: [] };
  return {
    diagnostics: [
      complain('ETL0271', valuePlace(source, '/connector'), `there is no connector \`${name}\``, {
        label: didYouMean(name, [...packaged, ...sourceKinds]),
        help: [
          `connectors: ${listText([...sourceKinds, ...packaged])}`,
          'One of your own is named by its folder: `connector: ./connectors/erp`.',
        ],
      }),
    ],
  };
}

const withoutOwnKeys = (document: SourceDocument): SourceDocument => ({
  ...document,
  value: Object.fromEntries(
    Object.entries(objectAt(document.value)).filter(([key]) => !ofConnectorsOnly.includes(key)),
  ),
});

/** Streams that only change one of the connector's, where the connector has none of the name. */
function unknownStreams(source: SourceDocument, connector: NamedConnector): readonly string[] {
  const known = objectAt(connector.document.value, 'streams');
  return Object.entries(objectAt(source.value, 'streams'))
    .filter(([name, stream]) => !Object.hasOwn(known, name) && !(isJson(stream) && 'request' in stream))
    .map(([name]) => name);
}

function streamMistake(
  source: SourceDocument,
  { name, document }: NamedConnector,
  stream: string,
): Diagnostic {
  const known = Object.keys(objectAt(document.value, 'streams'));
  return complain(
    'ETL0274',
    keyPlace(source, below('/streams', stream)),
    `the connector ${name} has no stream \`${stream}\``,
    {
      label: didYouMean(stream, known) ?? 'not known there, and no `request` here',
      help: [
        `streams of ${name}: ${listText(known, 24)}`,
        'A stream of your own says its `request` and `primaryKey`.',
      ],
    },
  );
}

function merged(
  source: SourceDocument,
  connector: NamedConnector,
  dropped: readonly string[],
): SourceDocument {
  const streams = Object.entries(objectAt(source.value, 'streams')).filter(
    ([name]) => !dropped.includes(name),
  );
  // A stream that is named alone says nothing else: `orders:` is `orders: {}`.
  const named = streams.map(([name, stream]): [string, unknown] => [name, stream ?? {}]);
  const { connector: _, ...own } = objectAt(source.value);
  const value = {
    ...own,
    ...('streams' in own && isJson(own['streams']) && { streams: Object.fromEntries(named) }),
  };
  const whole = extend(withoutOwnKeys(connector.document), { ...source, value });
  const place = source.nodes.get('/connector');
  return place === undefined ? whole : { ...whole, nodes: new Map([...whole.nodes, ['/connector', place]]) };
}

/** Merges what connectors say under the sources that name them. */
export function extendSources(files: ProjectFiles): ExtendedFiles {
  const documents: SourceDocument[] = [];
  const connectors = new Map<SourceDocument, NamedConnector>();
  const unread: UnreadFile[] = [];
  const diagnostics: Diagnostic[] = [];
  for (const document of files.documents) {
    const name = connectorName(document);
    if (name === undefined) {
      documents.push(document);
      continue;
    }
    const found = name.startsWith('.')
      ? ownConnector(document, name, files)
      : packagedConnector(document, name, files);
    if (!('document' in found)) {
      diagnostics.push(...found.diagnostics);
      unread.push({ file: document.file });
      continue;
    }
    const unknown = unknownStreams(document, found);
    diagnostics.push(...unknown.map((stream) => streamMistake(document, found, stream)));
    const whole = merged(document, found, unknown);
    documents.push(whole);
    connectors.set(whole, found);
  }
  return { documents, connectors, unread, diagnostics };
}

/** The folders of connectors, by the names of the sources that have one. */
export const connectorFolders = (
  sources: Entries['sources'],
  connectors: ExtendedFiles['connectors'],
): Project['connectorFolders'] =>
  Object.fromEntries(
    sources.flatMap((source): readonly (readonly [string, string])[] => {
      const connector = connectors.get(source.document);
      return connector === undefined ? [] : [[String(nameOf(source)), connector.folder]];
    }),
  );
