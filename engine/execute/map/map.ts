import type { MappedPage, MappedRows, PageFailure } from '../../model/batch.ts';
import type { MappingPlan, StreamPlan } from '../../model/plan.ts';
import { compileEnricher, type Enrichment } from './enrich.ts';
import { isStackOverflow, stringifyExact } from './exact-json.ts';
import { isPageFailure, sealedPage, tooDeep } from './failures.ts';
import { compileKeys } from './keys.ts';
import { type Packer, pagePacker } from './pack.ts';
import { compilePrivacy, type Sanitiser } from './privacy.ts';
import { compileReader, type ParsedPage } from './read-page.ts';
import { compileRows } from './rows.ts';
import { compileTombstones } from './tombstones.ts';

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

export interface MapperOptions {
  /** Packs the bodies to keep. */
  readonly packer?: Packer;
  /** Mappings whose rows are not staged with their page. */
  readonly unstaged?: readonly string[];
}

/**
 * Compiles a stream and its mappings to code. `piiKey` makes the tokens; it is needed where a rule of privacy does.
 */
export function compileStream(
  stream: StreamPlan,
  mappings: readonly MappingPlan[],
  piiKey: string | undefined,
  { packer = pagePacker(undefined), unstaged = [] }: MapperOptions = {},
): StreamMapper {
  const read = compileReader(stream);
  const keysOf = compileKeys(stream);
  const name = `${stream.source}.${stream.name}`;
  const mappers = mappings.map((mapping) =>
    mapping.stream === name || mapping.deletes?.sweep?.stream === name
      ? compileRows(stream, mapping)
      : compileTombstones(stream, mapping),
  );
  const enricher = compileEnricher(stream);
  const sanitise = compilePrivacy(stream.privacy, piiKey);
  const sanitiseAgain = compilePrivacy(stream.privacy, piiKey, true);

  const rowsOf = async (
    { records, cursors }: ParsedPage,
    page: number,
  ): Promise<readonly MappedRows[] | PageFailure> => {
    const keys = keysOf(records);
    if ('transient' in keys) return keys;
    const all: MappedRows[] = [];
    for (const mapRows of mappers) {
      const rows = await mapRows({ page, records, cursors, keys });
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
    read: (body, { from }) => read(body, from),
    ...(enricher && { enrich: ({ records }: ParsedPage) => enricher(records) }),
    map: (parsed, { page, enriched = false }) =>
      bounded(async () => {
        const isChanged = sanitise !== undefined || enriched;
        const kept = isChanged
          ? packer.pack(cleaned(parsed, sanitise), page)
          : packer.pack(parsed.body, page, parsed.zipped);
        const [body, rows] = await Promise.all([kept, rowsOf(parsed, page)]);
        return isPageFailure(rows) ? rows : { body, rows: rows.map(sparing(unstaged)) };
      }),
    remap: (body, { page }) =>
      bounded(async () => {
        const bytes = packer.unpack(body, page);
        if (bytes === undefined) return sealedPage(`${stream.source}.${stream.name}`, page);
        const parsed = read(bytes);
        if (isPageFailure(parsed)) return parsed;
        if (sanitiseAgain !== undefined) parsed.records.forEach(sanitiseAgain);
        return rowsOf(parsed, page);
      }),
  };
}

const sparing =
  (unstaged: readonly string[]) =>
  (rows: MappedRows): MappedRows =>
    unstaged.includes(rows.mapping) ? { ...rows, values: [], unstaged: true } : rows;

/** The response to keep, where something had to go or to come. Otherwise it is kept as received, byte for byte. */
function cleaned({ records, response }: ParsedPage, sanitise: Sanitiser | undefined): Uint8Array {
  if (sanitise !== undefined) records.forEach(sanitise);
  return Buffer.from(stringifyExact(response));
}
