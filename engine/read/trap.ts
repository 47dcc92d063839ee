import type { Trap } from '../model/project.ts';

const kinds: readonly (readonly [Trap['kind'], RegExp])[] = [
  ['other_base', /^0[xo]/],
  ['leading_zero', /^[-+]?0\d/],
  ['trailing_zero', /^[-+]?\d*\.(?:\d*0)?$/],
];

/** Whether YAML reads an unquoted scalar otherwise than it is written, so that `1.10` would be 1.1. */
export function trapOf(written: string, read: unknown): Trap | undefined {
  if (typeof read !== 'number') return undefined;
  const kind = kinds.find(([, pattern]) => pattern.test(written))?.[0];
  if (kind !== undefined) return { kind, written, read: String(read) };
  const large = Number.isInteger(read) && !Number.isSafeInteger(read) && /^[-+]?\d+$/.test(written);
  return large ? { kind: 'large_integer', written, read: String(read) } : undefined;
}
