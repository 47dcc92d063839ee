import { accountStream } from '../../model/accounts.ts';
import type { FoundParent, MappedPage, MappedRows, PageFailure } from '../../model/batch.ts';
import type { BodyFacts } from '../../model/body-plan.ts';
import type { Forgotten } from '../../model/forget.ts';
import type { MappingPlan, StreamPlan } from '../../model/plan.ts';
import { backfillOf } from '../../model/sweep.ts';
import { compileDecoder, isKeptForm } from './bodies/decode.ts';
import { compileEnricher, type Enrichment } from './enrich.ts';
import { isStackOverflow, stringifyExact } from './exact-json.ts';
import { isPageFailure, sealedPage, tooDeep } from './failures.ts';
import { compileForgetter, type Forgetter, isMarked } from './forget.ts';
import { compileKeys } from './keys.ts';
import { type Packer, pagePacker } from './pack.ts';
import { compileParents } from './parents.ts';
import { compilePrivacy, type Sanitiser } from './privacy.ts';
import { compileReader, type PageBounds, type PageReader, type ParsedPage } from './read-page.ts';
import { compileRows } from './rows.ts';
import { compileTombstones } from './tombstones.ts';

export type { Enrichment } from './enrich.ts';
export type { ParsedPage } from './read-page.ts';

/** Reads and maps pages of one stream: received, read, cleaned of personal data, mapped. */
export interface StreamMapper {
  /**
   * Parses a response and finds what the next request needs to know. The window is one of normalised cursors.
   */
  read(body: Uint8Array, window: PageBounds & BodyFacts): ParsedPage | PageFailure;
  /** Finds out what the records of a page ask for; absent in a stream without lookups. */
  readonly enrich?: (parsed: ParsedPage) => Enrichment | PageFailure;
  /**
   * Drops and tokenises personal data, then makes the rows and the body to keep. A page can be mapped once. `enriched`
   * says that its records hold what was looked up, which is to be kept with them.
   */
  map(
    parsed: ParsedPage,
    context: { readonly page: number; readonly enriched?: boolean },
  ): Promise<MappedPage | PageFailure>;
  /** Makes the rows of a kept page. */
  remap(body: Uint8Array, context: { readonly page: number }): Promise<readonly MappedRows[] | PageFailure>;
  /** Reads the parents of the stream from a kept page of theirs. */
  parents(body: Uint8Array, context: { readonly page: number }): readonly FoundParent[] | PageFailure;
}

export interface MapperOptions {
  /** Packs the bodies to keep. */
  readonly packer?: Packer;
  /** Mappings whose rows are not staged with their page. */
  readonly unstaged?: readonly string[];
  /** Whose records become tombstones before anything else is done. */
  readonly forgotten?: Forgotten | undefined;
  /** Whether pages hold tokens already where there was personal data. */
  readonly tokenised?: boolean;
}

/**
 * Compiles a stream and its mappings to code. `piiKey` makes the tokens; it is needed where a rule of privacy does.
 */
export function compileStream(
  stream: StreamPlan,
  mappings: readonly MappingPlan[],
  piiKey: string | undefined,
  { packer = pagePacker(undefined), unstaged = [], forgotten, tokenised = false }: MapperOptions = {},
): StreamMapper {
  const read = compileReader(stream);
  const receive = compileReceiver(stream, read, tokenised);
  const enricher = compileEnricher(stream);
  const sanitise = compilePrivacy(stream.privacy, piiKey, tokenised);
  const sanitiseAgain = compilePrivacy(stream.privacy, piiKey, true);
  const forgetter = compileForgetter(stream, forgotten, piiKey);
  const forgetterAgain = compileForgetter(stream, forgotten, piiKey, true);
  // No API stands behind recordings and tests: what is marked there is a tombstone of ours.
  const isTombstone = tokenised ? isMarked : forgetter.isTombstone;

  const parentsIn = stream.parent && compileParents(accountStream(stream), stream.parent);
  const rowsOf = compilePage(stream, mappings, isTombstone);

  return {
    read: (body, window) => {
      const parsed = receive(body, window);
      return isPageFailure(parsed) ? parsed : forgetter.bury(parsed);
    },
    ...(enricher && {
      enrich: ({ records }: ParsedPage) => enricher(records.filter((one) => !isTombstone(one))),
    }),
    map: (received, { page, enriched = false }) =>
      bounded(stream, async () => {
        // What a record was given may name whom it is about.
        const parsed = enriched ? forgetter.bury(received) : received;
        const kept = isChanged(parsed, sanitise, enriched)
          ? packer.pack(cleaned(parsed, sanitise), page)
          : packer.pack(parsed.body, page, parsed.zipped);
        const [body, rows] = await Promise.all([kept, rowsOf(parsed, page)]);
        if (isPageFailure(rows)) return rows;
        const { forgotten: buried } = parsed;
        return {
          body,
          rows: rows.map(sparing(unstaged)),
          ...(buried !== undefined && { forgotten: buried }),
        };
      }),
    remap: (body, { page }) =>
      bounded(stream, async () => {
        const bytes = packer.unpack(body, page);
        if (bytes === undefined) return sealedPage(accountStream(stream), page);
        const parsed = read(bytes);
        if (isPageFailure(parsed)) return parsed;
        forgetterAgain.bury(parsed);
        if (sanitiseAgain !== undefined) parsed.records.forEach(sanitiseAgain);
        return rowsOf(parsed, page);
      }),
    parents: (body, { page }) => {
      const bytes = packer.unpack(body, page);
      if (bytes === undefined) return sealedPage(accountStream(stream), page);
      return parentsIn?.(bytes) ?? [];
    },
  };
}

/** Reads what an API sends. What was recorded is JSON already, unless a person has written it. */
function compileReceiver(stream: StreamPlan, read: PageReader, tokenised: boolean): PageReader {
  const decode = compileDecoder(`${stream.source}.${stream.name}`, stream.body, keyColumns(stream));
  if (decode === undefined) return read;
  const receive = compileReader(stream, decode);
  return (body, window) => (tokenised && isKeptForm(body) ? read : receive)(body, window);
}

/** Columns that a table must have; what a record is given beside them is called `_…`. */
const keyColumns = ({ primaryKey }: StreamPlan): readonly string[] =>
  primaryKey.flatMap(({ segments: [first, ...below] }) =>
    first !== undefined && 'key' in first && below.length === 0 && !first.key.startsWith('_')
      ? [first.key]
      : [],
  );

type PageMapper = (parsed: ParsedPage, page: number) => Promise<readonly MappedRows[] | PageFailure>;

/** Makes the rows of all mappings. */
function compilePage(
  stream: StreamPlan,
  mappings: readonly MappingPlan[],
  isForgotten: Forgetter['isTombstone'],
): PageMapper {
  const name = `${stream.source}.${stream.name}`;
  const keysOf = compileKeys(stream);
  const mappers = mappings.map((mapping) =>
    [mapping.stream, backfillOf(mapping.stream), mapping.deletes?.sweep?.stream].includes(name)
      ? compileRows(stream, mapping)
      : compileTombstones(stream, mapping),
  );
  return async ({ records, cursors }, page) => {
    const keys = keysOf(records);
    if ('transient' in keys) return keys;
    const all: MappedRows[] = [];
    for (const mapRows of mappers) {
      const rows = await mapRows({ page, records, cursors, keys, isForgotten });
      if (isPageFailure(rows)) return rows;
      all.push(rows);
    }
    return all;
  };
}

const bounded = <T>(stream: StreamPlan, work: () => Promise<T>): Promise<T | PageFailure> =>
  work().catch((error: unknown) => {
    if (isStackOverflow(error)) return tooDeep(accountStream(stream));
    throw error;
  });

/** Whether something had to go or to come. */
const isChanged = (
  { forgotten, widened, facts: { beyond } }: ParsedPage,
  sanitise: Sanitiser | undefined,
  enriched: boolean,
): boolean =>
  sanitise !== undefined || enriched || widened === true || forgotten !== undefined || beyond !== undefined;

const sparing =
  (unstaged: readonly string[]) =>
  (rows: MappedRows): MappedRows =>
    unstaged.includes(rows.mapping) ? { ...rows, values: [], unstaged: true } : rows;

/** The response to keep, where something had to go or to come. Otherwise it is kept as received, byte for byte. */
function cleaned({ records, response }: ParsedPage, sanitise: Sanitiser | undefined): Uint8Array {
  if (sanitise !== undefined) records.forEach(sanitise);
  return Buffer.from(stringifyExact(response));
}
