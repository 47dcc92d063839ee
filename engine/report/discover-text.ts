import { count, tableText } from './table.ts';

/** A file that `etl discover` owns, and what has become of it. */
export interface DiscoveredFile {
  readonly file: string;
  readonly state: 'new' | 'changed' | 'unchanged';
}

export interface DiscoverReport {
  readonly source: string;
  readonly streams: readonly {
    readonly stream: string;
    readonly by: 'describe' | 'records';
    readonly properties: number;
    readonly isNew: boolean;
    readonly changes: readonly { readonly kind: string }[];
  }[];
  readonly files: readonly DiscoveredFile[];
  /** Whether nothing was written. */
  readonly isCheck: boolean;
}

const head = ['stream', 'by', 'properties', 'changes'];

/** What was found of a source for people: a line for each stream and each file. */
export function discoverText({ streams, files, isCheck }: DiscoverReport): string {
  const rows = streams.map(({ stream, by, properties, isNew, changes }) => [
    stream,
    by,
    count(properties),
    isNew ? 'first time' : count(changes.length),
  ]);
  const written = files.map(({ file, state }) => `${sentence(state, isCheck)} ${file}`);
  const changed = files.some(({ state }) => state !== 'unchanged');
  const end = changed ? changedText(isCheck) : 'Nothing has changed.';
  return [tableText(head, rows, [false, false, true, true]), '', ...written, '', end].join('\n');
}

function sentence(state: DiscoveredFile['state'], isCheck: boolean): string {
  if (state === 'unchanged') return 'unchanged:';
  if (isCheck) return state === 'new' ? 'missing:' : 'differs:';
  return state === 'new' ? 'written:' : 'changed:';
}

const changedText = (isCheck: boolean): string =>
  isCheck
    ? 'What is committed is not what the provider has: run `etl discover` without --check, and look at the diff.'
    : 'Look at the diff, and commit it with what it means for the mappings: `etl plan` shows that.';
