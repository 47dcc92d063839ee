import type { MappedRows } from '../../model/batch.ts';
import { TerminalError } from '../../model/errors.ts';
import type { RemapStep } from '../../model/plan.ts';
import type { KeptPage, Staging } from '../../model/ports.ts';

export interface RestageServices {
  readonly staging: Staging;
  readonly run: string;
  readonly remap: (page: KeptPage) => Promise<readonly MappedRows[]>;
  /** Told of the rows of every page once they are staged. */
  readonly restaged: (rows: MappedRows) => void;
  readonly signal: AbortSignal;
}

/** A page without records where the stream now looks for them, or whose records have no key or cursor there. */
const otherShape = new Set(['ETL0506', 'ETL0508', 'ETL0509', 'ETL0510']);

/**
 * Maps the kept pages of a stream again, in order, and stages their rows. Returns how many pages were left out, since they
 * were fetched when the stream was declared otherwise; such a stream is read anew.
 */
export async function restage(step: RemapStep, services: RestageServices): Promise<number> {
  let leftOut = 0;
  for await (const page of services.staging.pages(step.stream, step.pages)) {
    services.signal.throwIfAborted();
    const all = await services.remap(page).catch((error: unknown) => {
      if (!(error instanceof TerminalError) || !otherShape.has(error.diagnostic.code)) throw error;
      leftOut += 1;
      return [nothing(step.mapping)];
    });
    for (const rows of all) {
      await services.staging.restage(page.id, rows, services.run);
      services.restaged(rows);
    }
  }
  return leftOut;
}

/** The mapping has seen the page, and made nothing of it. */
const nothing = (mapping: string): MappedRows => ({
  mapping,
  values: [],
  lines: new Uint8Array(),
  units: 0,
  count: 0,
  marks: 0,
  tombstones: 0,
  deduplicated: 0,
  filtered: 0,
  nulled: 0,
  blocked: [],
});
