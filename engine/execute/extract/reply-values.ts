import type { ReplyValuePlan } from '../../model/plan.ts';
import type { Reply } from './reply.ts';

/** No limit counts this far; what is greater is no count. */
const countMax = 1e12;

/** A count that a reply tells: a number or its text, not negative, not absurd. */
export function countOf(value: unknown): number | undefined {
  const count = typeof value === 'string' ? countOfText(value.trim()) : value;
  return typeof count === 'number' && count >= 0 && count <= countMax ? count : undefined;
}

const countOfText = (text: string): number | undefined =>
  /^\d{1,16}(?:\.\d{1,20})?$/.test(text) ? Number(text) : undefined;

/** The first count at a place of a reply. */
export function countAt(reply: Reply, place: ReplyValuePlan | undefined): number | undefined {
  if (place === undefined) return undefined;
  return reply
    .valuesAt(place)
    .map(countOf)
    .find((count) => count !== undefined);
}
