import { accountStream } from '../model/accounts.ts';
import type * as config from '../model/config.ts';
import type { PersonPlace, StreamEraser } from '../model/forget.ts';
import type { Plan } from '../model/plan.ts';
import type { SourceDocument } from '../model/project.ts';
import type { RecordedExchange, Recording } from '../model/recording.ts';
import { type Child, childrenOf } from './forget-children.ts';
import { namesPerson, streamName, withoutNames } from './forget-texts.ts';
import { jsonLayout } from './record/json-layout.ts';

/** Recordings without one person, as far as that is possible. */
export interface ErasedRecordings {
  /** Those with something of the person, without it: only exchanges that are to be written again. */
  readonly recordings: readonly Recording[];
  /** The same, for people. */
  readonly files: readonly RecordedFile[];
  /** Recorded streams that do not say whom their records are about. */
  readonly notSearched: readonly string[];
  /** Files whose response cannot be read as the stream is declared. */
  readonly unread: readonly string[];
}

export interface RecordedFile {
  readonly file: string;
  /** Of the person; 0 where only a request or a link names them. */
  readonly records: number;
}

/**
 * Takes one person out of recordings, as out of kept pages: a tombstone stays, so that paging goes on as it did. The salt
 * is for this once: nobody can tell later whose tombstone it is.
 */
export function withoutRecorded(
  erasers: readonly StreamEraser[],
  recordings: readonly Recording[],
  salt: string,
): ErasedRecordings {
  const erased: Recording[] = [];
  const files: RecordedFile[] = [];
  const [notSearched, unread]: [string[], string[]] = [[], []];
  for (const recording of recordings) {
    const eraser = erasers.find((one) => streamName(one) === recording.stream);
    if (eraser === undefined) notSearched.push(recording.stream);
    const results = recording.exchanges.map((one) =>
      eraser === undefined
        ? erasedChild(one, recording.stream, { erasers, salt })
        : erasedExchange(one, eraser, salt),
    );
    const changed = results.flatMap((one) => (typeof one === 'object' ? [one] : []));
    unread.push(...recording.exchanges.flatMap(({ file }, at) => (results[at] === 'unread' ? [file] : [])));
    files.push(...changed.map(({ exchange: { file }, records }) => ({ file, records })));
    if (changed.length > 0) erased.push({ ...recording, exchanges: changed.map(({ exchange }) => exchange) });
  }
  return { recordings: erased, files, notSearched, unread };
}

/** One of a stream that does not say whom its records are about, and may have been asked for with theirs. */
function erasedChild(
  exchange: RecordedExchange,
  stream: string,
  { erasers, salt }: { readonly erasers: readonly StreamEraser[]; readonly salt: string },
): ErasedExchange | 'unchanged' {
  const left = erasers
    .flatMap((eraser) => childrenOf(eraser, namedIn(eraser), salt).map((one) => ({ ...one, eraser })))
    .filter(({ child }) => accountStream(child.stream) === stream)
    .reduce(withoutParent, exchange);
  return JSON.stringify(left) === JSON.stringify(exchange) ? 'unchanged' : { exchange: left, records: 0 };
}

function withoutParent(
  exchange: RecordedExchange,
  { child, parent, eraser }: Child & { readonly eraser: StreamEraser },
): RecordedExchange {
  const without = withoutNames({ erasers: [eraser] }, parent.instead);
  const body = child.eraseIn(exchange.body, parent);
  return {
    ...asking(exchange, without),
    ...(body !== undefined && { body: jsonLayout(body, (text) => text) }),
  };
}

/** The exchange, asked for with other words. */
const asking = (exchange: RecordedExchange, change: (text: string) => string): RecordedExchange => ({
  ...exchange,
  target: change(exchange.target),
  ...(exchange.requestBody !== undefined && { requestBody: change(exchange.requestBody) }),
  headers: Object.fromEntries(Object.entries(exchange.headers).map(([name, value]) => [name, change(value)])),
});

const namedIn = ({ children }: StreamEraser) =>
  new Map(
    children.flatMap(({ stream, named }) => (named ? [[accountStream(stream), [named]] as const] : [])),
  );

interface ErasedExchange {
  readonly exchange: RecordedExchange;
  readonly records: number;
}

/** A name becomes what a primary key with it becomes: a request that is made of a key still meets what was recorded. */
function erasedExchange(
  exchange: RecordedExchange,
  eraser: StreamEraser,
  salt: string,
): ErasedExchange | 'unchanged' | 'unread' {
  const { status } = exchange;
  const found = eraser.findIn(exchange.body);
  const without = withoutNames({ erasers: [eraser] }, eraser.hash(salt));
  let isNamed = false;
  const change = (text: string): string => {
    const changed = without(text);
    isNamed ||= changed !== text;
    return changed;
  };
  const body = eraser.eraseIn(exchange.body, salt, change);
  // What an API answers instead of a page is no page.
  if ('transient' in found || typeof body !== 'string') return status < 300 ? 'unread' : 'unchanged';
  const erased = { ...asking(exchange, change), body: jsonLayout(body, (text) => text) };
  const records = found.ordinals.length;
  return isNamed || records > 0 ? { exchange: erased, records } : 'unchanged';
}

/** Records of fixtures that are about the person, where they stand. */
export function fixturesAbout(
  erasers: readonly StreamEraser[],
  { mappings }: Pick<Plan, 'mappings'>,
  documents: readonly SourceDocument[],
): readonly PersonPlace[] {
  return documents.flatMap(({ file, value, nodes }) => {
    if ((value as { readonly kind?: unknown } | null)?.kind !== 'test') return [];
    const test = value as config.Test;
    const own = erasers.find(({ declared }) => declared === mappings[test.mapping]?.stream);
    if (own === undefined) return [];
    return test.cases.flatMap(({ name, records }, at) =>
      records.flatMap((record, ordinal): PersonPlace[] => {
        const place = nodes.get(`/cases/${at}/records/${ordinal}`)?.value;
        if (place === undefined || !own.isAbout(record)) return [];
        return [{ file, line: place.line, what: `a record of the case ${JSON.stringify(name)}` }];
      }),
    );
  });
}

/** Lines of files that name the person, but for those that are known. */
export function linesNaming(
  erasers: readonly StreamEraser[],
  texts: ReadonlyMap<string, string>,
  known: readonly PersonPlace[],
): readonly PersonPlace[] {
  const isNamed = namesPerson(erasers);
  const isKnown = new Set(known.map(({ file, line }) => `${file}:${line}`));
  return [...texts].flatMap(([file, text]) =>
    text.split('\n').flatMap((one, at): PersonPlace[] => {
      const line = at + 1;
      return isKnown.has(`${file}:${line}`) || !isNamed(one) ? [] : [{ file, line, what: 'names them' }];
    }),
  );
}
