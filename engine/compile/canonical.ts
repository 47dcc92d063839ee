import { createHash } from 'node:crypto';
import type { Plan } from '../model/plan.ts';

/** JSON with sorted keys and no white space: equal values give equal texts. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((item) => canonical(item ?? null)).join(',')}]`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  const sorted = entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${sorted.map(([key, item]) => `${JSON.stringify(key)}:${canonical(item)}`).join(',')}}`;
}

/** Hex SHA-256 of a text. */
export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** A plan under its id. Where references stand in the project's files is no part of it: a comment changes nothing. */
export function withId(plan: Omit<Plan, 'id'>): Plan {
  const body = { ...plan, id: undefined, references: plan.references.map(({ reference }) => reference) };
  return { ...plan, id: sha256(canonical(body)) };
}
