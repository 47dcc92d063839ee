import type * as config from '../model/config.ts';
import { badRequest } from './answer.ts';
import type { Changeable } from './conditions.ts';

/** What a key may hold: a test and its words. */
type Kind = readonly [test: (value: unknown) => boolean, words: string];
type Kinds = { readonly [key: string]: Kind };

const matching =
  (pattern: RegExp) =>
  (value: unknown): boolean =>
    typeof value === 'string' && pattern.test(value);
const duration: Kind = [matching(/^\d+(ms|s|m|h|d)$/), 'a duration such as 250ms'];
const skew: Kind = [matching(/^[+-]?\d+(ms|s|m|h|d)$/), 'a duration such as 30s or -30s'];
const percentage: Kind = [matching(/^\d+(\.\d+)?%$/), 'a percentage such as 5%'];
const whole = (min: number, max = Number.MAX_SAFE_INTEGER): Kind => [
  (value) => Number.isSafeInteger(value) && Number(value) >= min && Number(value) <= max,
  `a whole number from ${min}`,
];
const oneOf = (...names: string[]): Kind => [
  (value) => names.includes(String(value)),
  `one of ${names.join(', ')}`,
];
const names: Kind = [
  (value) => Array.isArray(value) && value.every((name) => typeof name === 'string'),
  'a list of names',
];

const conditionKinds: Kinds = { latency: duration, jitter: duration, clockSkew: skew, others: percentage };
const faultKinds: Kinds = {
  kind: oneOf('throttle', 'unavailable', 'ban', 'lock', 'revoke', 'slow', 'reset', 'truncate', 'malform'),
  target: oneOf('streams', 'token'),
  stream: names,
  after: whole(0),
  every: whole(1),
  share: percentage,
  count: whole(1),
  for: duration,
  status: whole(400, 599),
  retryAfter: duration,
  delay: duration,
  bytesPerSecond: whole(1),
};

function checked(value: unknown, kinds: Kinds): object {
  if (value === null || typeof value !== 'object' || Array.isArray(value))
    throw badRequest('An object is expected.');
  for (const [key, inside] of Object.entries(value)) {
    const kind = Object.hasOwn(kinds, key) ? kinds[key] : undefined;
    if (kind === undefined)
      throw badRequest(`Key ${key} is unknown; known are ${Object.keys(kinds).join(', ')}.`);
    if (!kind[0](inside)) throw badRequest(`${key} must be ${kind[1]}, got ${JSON.stringify(inside)}.`);
  }
  return value;
}

/** One fault or a list of them. @throws Refusal 400 */
export const readFaults = (value: unknown): readonly config.LabFault[] =>
  [value].flat().map((fault) => {
    const read = checked(fault, faultKinds);
    if ('kind' in read) return read as config.LabFault;
    throw badRequest('A fault needs a kind.');
  });

/** The circumstances that are to change. @throws Refusal 400 */
export const readConditions = (value: unknown): Changeable => checked(value, conditionKinds);
