import { resolve } from 'node:path';
import { type Checked, check, recheck } from '../engine.ts';
import { catalogFile } from '../model/catalog.ts';
import type * as config from '../model/config.ts';
import { hasErrors, type Place } from '../model/diagnostic.ts';
import { complaint, RefusedError } from '../model/errors.ts';
import type { Project, SourceDocument } from '../model/project.ts';
import { didYouMean, listText } from '../validate/suggest.ts';
import { packageFolder } from './package.ts';
import { sourcesOnly } from './sources-only.ts';

type Json = Readonly<Record<string, unknown>>;

const objectIn = (value: unknown): Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {};

/** A project as far as `etl discover` needs it. */
export interface DiscoveringProject {
  readonly checked: Checked & { readonly project: Project };
  readonly source: config.Source;
  readonly streams: readonly string[];
  readonly catalog: CommittedCatalog;
  /** Generated files that mappings use, by the stream that those read. */
  readonly used: ReadonlyMap<string, readonly string[]>;
}

export interface CommittedCatalog {
  readonly file: string;
  readonly value?: config.Catalog;
  readonly placeOf: (stream: string, id: string) => Place | undefined;
}

const kindOf = ({ value }: SourceDocument): unknown => objectIn(value)['kind'];

/** Reads a project for one source of it. @throws RefusedError (exit 3) when that is not valid, or not there */
export async function discoveringProject(
  folder: string,
  environment: string | undefined,
  source: string,
  names: readonly string[],
): Promise<DiscoveringProject> {
  const whole = await check(resolve(folder), packageFolder, environment);
  const files = sourcesOnly(whole.files);
  const checked = recheck(files, environment);
  const { project } = checked;
  if (project === undefined || hasErrors(checked.diagnostics)) {
    const isFile = (file: string): boolean => files.documents.every((one) => one.file !== file);
    const unread = whole.diagnostics.filter(({ place }) => place === undefined || isFile(place.file));
    // That no mapping reads a stream is not for this command to say.
    const errors = checked.diagnostics.filter(({ severity }) => severity === 'error');
    throw new RefusedError('invalid', errors.length > 0 ? errors : unread);
  }
  const found = sourceNamed(project, source);
  return {
    checked: { ...checked, project, diagnostics: [] },
    source: found,
    streams: streamsNamed(found, names, ofInterest(source, whole.files.documents)),
    catalog: committed(source, files.documents),
    used: usedFiles(whole.files.documents),
  };
}

function sourceNamed({ sources }: Project, name: string): config.Source {
  const found = sources.find((one) => one.name === name);
  if (found !== undefined) return found;
  throw unknownName(
    'source',
    name,
    sources.map((one) => one.name),
  );
}

/** Streams that the source's own file names or a mapping reads: a connector has more of them. */
function ofInterest(source: string, documents: readonly SourceDocument[]): readonly string[] {
  return documents.flatMap((document) => {
    const { name, from, streams } = objectIn(document.value);
    if (kindOf(document) === 'source' && name === source) return Object.keys(objectIn(streams));
    const [owner, stream] = kindOf(document) === 'mapping' ? String(from).split('.') : [];
    return owner === source && stream !== undefined ? [stream] : [];
  });
}

function streamsNamed(
  { name, streams }: config.Source,
  names: readonly string[],
  usual: readonly string[],
): readonly string[] {
  const known = Object.keys(streams);
  const wanted = names.map((one) => (one.startsWith(`${name}.`) ? one.slice(name.length + 1) : one));
  const unknown = wanted.find((one) => !known.includes(one));
  if (unknown !== undefined) throw unknownName('stream', `${name}.${unknown}`, known);
  return known.filter((one) => (wanted.length === 0 ? usual : wanted).includes(one));
}

function unknownName(noun: 'source' | 'stream', name: string, known: readonly string[]): RefusedError {
  const guess = didYouMean(name, known);
  const summary = `there is no ${noun} ${name}${guess === undefined ? '' : `: ${guess}`}`;
  const help = noun === 'source' ? 'The project has' : 'The source has';
  return new RefusedError('invalid', [complaint('ETL0906', summary, `${help}: ${listText(known)}.`)]);
}

function committed(source: string, documents: readonly SourceDocument[]): CommittedCatalog {
  const document = documents.find(
    (one) => kindOf(one) === 'catalog' && objectIn(one.value)['source'] === source,
  );
  if (document === undefined) return { file: catalogFile(source), placeOf: () => undefined };
  const value = document.value as config.Catalog;
  return {
    file: document.file,
    value,
    placeOf: (stream, id) => {
      const at = value.streams[stream]?.properties.findIndex((one) => one.id === id) ?? -1;
      return document.nodes.get(`/streams/${stream}/properties/${at}/id`)?.value;
    },
  };
}

function usedFiles(documents: readonly SourceDocument[]): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, readonly string[]>();
  for (const { value } of documents.filter((one) => kindOf(one) === 'mapping')) {
    const { from, use } = objectIn(value);
    if (typeof from !== 'string' || !Array.isArray(use)) continue;
    const own = use.filter((file): file is string => /^generated\/.*\.ya?ml$/.test(String(file)));
    found.set(from, [...new Set([...(found.get(from) ?? []), ...own])].sort());
  }
  return found;
}
