import { assert } from './errors.ts';

const durationsMs = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const unitNames = { second: 's', minute: 'm', hour: 'h', day: 'd' } as const;
const sizesBytes = { B: 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 } as const;

/** Milliseconds of `250ms`, `5m`, `24h`. */
export function parseDuration(text: string): number {
  const found = /^(\d+)(ms|s|m|h|d)$/.exec(text);
  assert(found, `a duration, got "${text}"`);
  return Number(found[1]) * durationsMs[found[2] as keyof typeof durationsMs];
}

/** Bytes of `512KiB`, `16MiB`. */
export function parseSize(text: string): number {
  const found = /^(\d+)(B|KiB|MiB|GiB)$/.exec(text);
  assert(found, `a size, got "${text}"`);
  return Number(found[1]) * sizesBytes[found[2] as keyof typeof sizesBytes];
}

/** Requests and the milliseconds they may be spread over: `100/10s` is 100 per 10,000 ms. */
export function parseRate(text: string): { readonly requests: number; readonly perMs: number } {
  const found = /^(\d+(?:\.\d+)?)\/(\d+)?([a-z]+)$/.exec(text);
  assert(found, `a rate, got "${text}"`);
  const unit = found[3] as string;
  const short = (
    unit in unitNames ? unitNames[unit as keyof typeof unitNames] : unit
  ) as keyof typeof durationsMs;
  return { requests: Number(found[1]), perMs: Number(found[2] ?? 1) * durationsMs[short] };
}

/** The fraction that `5%` says. */
export const parsePercent = (text: string): number => Number(text.replace('%', '')) / 100;

/** Milliseconds as people read them: `320 ms`, `4.2 s`, `3 min 05 s`. */
export function durationText(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  const minutes = Math.floor(seconds / 60);
  const rest = (unit: number): string => String(unit).padStart(2, '0');
  if (minutes < 60) return `${minutes} min ${rest(seconds % 60)} s`;
  return `${Math.floor(minutes / 60)} h ${rest(minutes % 60)} min`;
}

/** Bytes as people read them: `320 B`, `4.2 MiB`. */
export function sizeText(bytes: number): string {
  const unit = (['GiB', 'MiB', 'KiB'] as const).find((one) => bytes >= sizesBytes[one]);
  return unit === undefined ? `${bytes} B` : `${(bytes / sizesBytes[unit]).toFixed(1)} ${unit}`;
}
