import type { Dialect, ValueLimits } from '../model/plan.ts';

/** What each warehouse cannot hold. A row beyond it would be refused with all others of its load, again and again. */
const limits: { readonly [dialect in Dialect]?: ValueLimits } = {
  // jsonb keeps texts and numbers as PostgreSQL's own types; an entry of an index has 2704 bytes at most.
  postgres: { json: { nul: false, digitsBefore: 131_072, digitsBehind: 16_383 }, keyBytesMax: 2_600 },
};

export const valueLimits = (dialect: Dialect): ValueLimits | undefined => limits[dialect];
