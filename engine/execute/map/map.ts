import type { MappedPage, MappedRows, PageFailure } from '../../model/batch.ts';
import type { Forgotten } from '../../model/forget.ts';
import type { MappingPlan, StreamPlan } from '../../model/plan.ts';
import { compileEnricher, type Enrichment } from './enrich.ts';
import { isStackOverflow, stringifyExact } from './exact-json.ts';
import { isPageFailure, sealedPage, tooDeep } from './failures.ts';
import { compileForgetter } from './forget.ts';
import { compileKeys } from './keys.ts';
import { type Packer, pagePacker } from './pack.ts';
import { compilePrivacy, type Sanitiser } from './privacy.ts';
import { compileReader, type ParsedPage } from './read-page.ts';
import { compileRows } from './rows.ts';

export type { Enrichment } from './enrich.ts';
export type { ParsedPage } from './read-page.ts';

/** Reads and maps pages of one stream: received, read, cleaned of personal data, mapped. */
export interface StreamMapper {
  /**
   * Parses a response and finds what the next request needs to know. `from` is the normalised cursor at which the
   * window begins.
   */
  read(body: Uint8Array, context: { readonly from?: string }): ParsedPage | PageFailure;
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
}

/**
 * Compiles a stream and its mappings to code. `piiKey` makes the tokens; it is needed where a rule of privacy does.
 * `packer` packs the bodies to keep. Records of whoever is `forgotten` become tombstones before anything else is done.
 */
export function compileStream(
  stream: StreamPlan,
  mappings: readonly MappingPlan[],
  piiKey: string | undefined,
  packer: Packer = pagePacker(undefined),
  forgotten?: Forgotten,
): StreamMapper {
  const read = compileReader(stream);
  const keysOf = compileKeys(stream);
  const mappers = mappings.map((mapping) => compileRows(stream, mapping));
  const enricher = compileEnricher(stream);
  const sanitise = compilePrivacy(stream.privacy, piiKey);
  const sanitiseAgain = compilePrivacy(stream.privacy, piiKey, true);
  const forgetter = compileForgetter(stream, forgotten, piiKey);
  const forgetterAgain = compileForgetter(stream, forgotten, piiKey, true);
  const isForgotten = forgetter?.isTombstone;

  const rowsOf = async (
    { records, cursors }: ParsedPage,
    page: number,
  ): Promise<readonly MappedRows[] | PageFailure> => {
    const keys = keysOf(records);
    if ('transient' in keys) return keys;
    const all: MappedRows[] = [];
    for (const mapRows of mappers) {
      const rows = await mapRows({ page, records, cursors, keys, ...(isForgotten && { isForgotten }) });
      if (isPageFailure(rows)) return rows;
      all.push(rows);
    }
    return all;
  };

  const bounded = <T>(work: () => Promise<T>): Promise<T | PageFailure> =>
    work().catch((error: unknown) => {
      if (isStackOverflow(error)) return tooDeep(`${stream.source}.${stream.name}`);
      throw error;
    });

  return {
    read: (body, { from }) => {
      const parsed = read(body, from);
      if (isPageFailure(parsed)) return parsed;
      const count = forgetter?.bury(parsed.records) ?? 0;
      return count === 0 ? parsed : { ...parsed, forgotten: count };
    },
    ...(enricher && {
      enrich: ({ records }: ParsedPage) => enricher(records.filter((one) => !isForgotten?.(one))),
    }),
    map: (parsed, { page, enriched = false }) =>
      bounded(async () => {
        // What a record was given may name whom it is about.
        const more = enriched ? (forgetter?.bury(parsed.records) ?? 0) : 0;
        const forgotten = more + (parsed.forgotten ?? 0);
        const kept = packer.pack(cleaned(parsed, sanitise, enriched), page);
        const [body, rows] = await Promise.all([kept, rowsOf(parsed, page)]);
        if (isPageFailure(rows)) return rows;
        return { body, rows, ...(forgotten > 0 && { forgotten }) };
      }),
    remap: (body, { page }) =>
      bounded(async () => {
        const bytes = packer.unpack(body, page);
        if (bytes === undefined) return sealedPage(`${stream.source}.${stream.name}`, page);
        const parsed = read(bytes);
        if (isPageFailure(parsed)) return parsed;
        forgetterAgain?.bury(parsed.records);
        if (sanitiseAgain !== undefined) parsed.records.forEach(sanitiseAgain);
        return rowsOf(parsed, page);
      }),
  };
}

/** The response to keep: as received, byte for byte, when nothing had to go or to come. */
function cleaned(
  { body, records, response, forgotten }: ParsedPage,
  sanitise: Sanitiser | undefined,
  enriched: boolean,
): Uint8Array {
  if (sanitise === undefined && !enriched && forgotten === undefined) return body;
  if (sanitise !== undefined) records.forEach(sanitise);
  return Buffer.from(stringifyExact(response));
}
