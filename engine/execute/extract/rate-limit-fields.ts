import type { Observation } from '../../model/ports.ts';
import type { Reply } from './reply.ts';
import { countOf } from './reply-values.ts';
import { type FieldItem, fieldItems } from './structured-fields.ts';
import { timeMs } from './times.ts';

/** What a reply says of one limit. */
export type Reading = Omit<Observation, 'limit' | 'partition'>;

/** What the `RateLimit` fields of a reply say: of policies with a name, or of the one that has none. */
export interface Advertised {
  readonly policies: ReadonlyMap<string, Reading>;
  readonly unnamed?: Reading;
}

/**
 * Reads `RateLimit` and `RateLimit-Policy` as the IETF's draft has them by now (`"burst";r=50;t=30`), and where they are
 * absent as older drafts had them: `RateLimit: limit=…, remaining=…, reset=…`, or three fields.
 */
export function advertised(reply: Reply): Advertised {
  const items = fieldItems(reply.header('ratelimit') ?? '');
  const dictionary = new Map(
    items.flatMap(({ name, value }) => (value === undefined ? [] : [[name, value]])),
  );
  if (dictionary.size > 0) return { policies: new Map(), unnamed: dictionaryReading(dictionary) };
  const policies = policyReadings([...items, ...fieldItems(reply.header('ratelimit-policy') ?? '')]);
  return policies.size > 0 ? { policies } : { policies, unnamed: oldReading(reply) };
}

/** Readings by name. A number in the place of a name is an old draft's quota, and names nothing. */
function policyReadings(items: readonly FieldItem[]): ReadonlyMap<string, Reading> {
  const readings = new Map<string, Reading>();
  for (const { name, parameters } of items) {
    if (/^\d/.test(name)) continue;
    const reading = {
      ...counted('remaining', parameters.get('r')),
      ...counted('capacity', parameters.get('q')),
      ...reset(parameters.get('t')),
    };
    readings.set(name, { ...reading, ...readings.get(name) });
  }
  return readings;
}

const dictionaryReading = (values: ReadonlyMap<string, string>): Reading => ({
  ...counted('capacity', values.get('limit')),
  ...counted('remaining', values.get('remaining')),
  ...reset(values.get('reset')),
});

/** `RateLimit-Limit: 10, 10;w=1` begins with the quota of the window that is nearest to its end. */
const oldReading = (reply: Reply): Reading => ({
  ...counted('capacity', fieldItems(reply.header('ratelimit-limit') ?? '')[0]?.name),
  ...counted('remaining', reply.header('ratelimit-remaining')),
  ...reset(reply.header('ratelimit-reset')),
});

function counted(name: 'capacity' | 'remaining', text: string | undefined): Reading {
  const count = countOf(text);
  return count === undefined || (name === 'capacity' && count === 0) ? {} : { [name]: count };
}

function reset(text: string | undefined): Reading {
  const resetMs = timeMs(text, 'seconds', 0);
  return resetMs === undefined ? {} : { resetMs };
}
