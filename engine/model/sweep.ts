/** Names of the streams that sweeps and backfills make of one; no declared name has this sign. */
const sign = '~';

export const sweepOf = (stream: string): string => `${stream}${sign}sweep`;
export const goneOf = (stream: string): string => `${stream}${sign}gone`;

/** A range of a stream that is read once more. */
export const backfillOf = (stream: string): string => `${stream}${sign}backfill`;
/** Of a name with its account, too. */
export const isBackfill = (stream: string): boolean =>
  (stream.split('@')[0] ?? '').endsWith(`${sign}backfill`);

/** Whether a stream is the whole listing of another one. */
export const isSweep = (stream: string): boolean => stream.endsWith(`${sign}sweep`);

/** The name that the project gives a stream: limits go by it, whatever reads it. */
export const declaredName = (stream: string): string => stream.split(sign)[0] ?? stream;
