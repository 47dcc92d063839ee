import type * as config from '../model/config.ts';
import type { SourceDocument, UnreadFile } from '../model/project.ts';
import { isJson, type Json, objectAt, textAt } from './json.ts';
import { isKind } from './kinds.ts';

/** One declared source, mapping, test or overrides file. */
export interface Entry<Config> {
  readonly document: SourceDocument;
  /** The document as it is, with its variables filled in: anything may be missing. */
  readonly raw: Json;
  /** The same, when the schema holds; what only makes sense then looks here. */
  readonly config?: Config;
}

/** Everything that the files declare, for checks across files. */
export interface Entries {
  readonly sources: readonly Entry<config.Source>[];
  readonly mappings: readonly Entry<config.Mapping>[];
  readonly tests: readonly Entry<config.Test>[];
  readonly overrides: readonly Entry<config.Overrides>[];
  readonly parity: readonly Entry<config.Parity>[];
  readonly properties: readonly Entry<config.Properties>[];
  /** Absent when etl.yml could not be read or does not hold. */
  readonly project?: config.Project;
  readonly unread: readonly UnreadFile[];
}

/** A document after the checks that need no other document. */
export interface CheckedDocument {
  readonly document: SourceDocument;
  readonly value: unknown;
  readonly valid: boolean;
}

const entriesOf = <Config>(checked: readonly CheckedDocument[], kind: string): readonly Entry<Config>[] =>
  checked.flatMap(({ document, value, valid }) => {
    if (!isJson(value) || value['kind'] !== kind) return [];
    // The schema holds, and the types are made from the schema.
    return { document, raw: value, ...(valid && { config: value as unknown as Config }) };
  });

/** Sorts documents by kind. */
export function collectEntries(checked: readonly CheckedDocument[], unread: readonly UnreadFile[]): Entries {
  const project = entriesOf<config.Project>(checked, 'project')[0]?.config;
  return {
    sources: entriesOf(checked, 'source'),
    mappings: entriesOf(checked, 'mapping'),
    tests: entriesOf(checked, 'test'),
    overrides: entriesOf(checked, 'overrides'),
    parity: entriesOf(checked, 'parity'),
    properties: entriesOf(checked, 'properties'),
    ...(project !== undefined && { project }),
    unread,
  };
}

/** An entry's name, unless it is missing, no text, or not filled in. */
export function nameOf({ raw }: Entry<unknown>): string | undefined {
  const name = textAt(raw, 'name');
  return name?.includes('${') ? undefined : name;
}

/** Stream names of every source that has a name. Sources of one name are taken together. */
export function streamsBySource(sources: Entries['sources']): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, readonly string[]>();
  for (const source of sources) {
    const name = nameOf(source);
    if (name !== undefined)
      found.set(name, [
        ...new Set([...(found.get(name) ?? []), ...Object.keys(objectAt(source.raw, 'streams'))]),
      ]);
  }
  return found;
}

/** Whether a file that could not be read may declare what has these names. */
export const mayBeUnread = (unread: readonly UnreadFile[], ...names: readonly string[]): boolean =>
  unread.some(
    ({ text }) => text === undefined || names.every((name) => text.includes(name)) || text.includes('${var:'),
  );

/** Files that may declare sources or mappings and do not say so: what they declare is as unknown as in an unread file. */
export const withoutKind = (documents: readonly SourceDocument[]): readonly UnreadFile[] =>
  documents
    .filter(({ file, value }) => /^(?:sources|mappings)\//.test(file) && !isKind(objectAt(value)['kind']))
    .map(({ file }) => ({ file }));
