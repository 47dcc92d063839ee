import type { PageFailure } from '../../model/batch.ts';
import type { PageRecords } from '../../model/fixture.ts';
import type { StreamPlan } from '../../model/plan.ts';
import { ExactNumber } from './exact-json.ts';
import { isMarked } from './forget.ts';
import { compileKeys } from './keys.ts';
import { compilePrivacy } from './privacy.ts';
import { compileReader } from './read-page.ts';
import { numberText } from './scalars.ts';

/**
 * Reads the records of a kept page. The rules of privacy are applied as they are now: they may be younger than the page. Tokens
 * stay as they are. A number beyond what a double can count becomes a text.
 */
export function keptRecords(stream: StreamPlan, piiKey: string, body: Uint8Array): PageRecords | PageFailure {
  const parsed = compileReader(stream)(body);
  if ('transient' in parsed) return parsed;
  const sanitise = compilePrivacy(stream.privacy, piiKey, true);
  // Of whoever was forgotten there is nothing to show.
  const left = parsed.records.filter((record) => !isMarked(record));
  if (sanitise !== undefined) left.forEach(sanitise);
  const keys = compileKeys(stream)(left);
  if ('transient' in keys) return keys;
  return { records: left.map((record) => plain(record) as PageRecords['records'][number]), keys };
}

function plain(value: unknown): unknown {
  if (value instanceof ExactNumber) return value.text;
  // A double can hold it, and yet nobody who reads it in YAML can know that.
  if (Number.isInteger(value) && !Number.isSafeInteger(value)) return numberText(value as number);
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map(plain);
  return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, plain(child)]));
}
