import type { PageFailure } from '../../../model/batch.ts';
import type { BodyFacts, BodyPlan } from '../../../model/body-plan.ts';
import { stringifyExact } from '../exact-json.ts';
import { emptyBody } from '../failures.ts';
import { compileCsv } from './csv.ts';
import { otherCount } from './failures.ts';
import { readNdjson } from './ndjson.ts';
import { type Found, type Source, sourceOf } from './source.ts';

/** A body as the JSON array that stands for it from here on: it is read, mapped and kept as if it had come so. */
export interface Decoded {
  readonly response: readonly unknown[];
  readonly body: Uint8Array;
  /** Present where it may have been cut at the end of a record. */
  readonly unproven?: true;
}

export type Decoder = (body: Uint8Array, facts: BodyFacts) => Decoded | PageFailure;

/** Compiles how the bodies of a stream become JSON; undefined where they are. A table must have the columns of `key`. */
export function compileDecoder(
  stream: string,
  plan: BodyPlan | undefined,
  key: readonly string[] = [],
): Decoder | undefined {
  if (plan === undefined || plan.format === 'json') return undefined;
  const read = plan.csv === undefined ? readNdjson : compileCsv(plan.csv, key);
  return (body, facts) => {
    const source = sourceOf(stream, facts, facts.unbounded === true && plan.countHeader === undefined);
    const found = facts.nothing ? { records: [] } : recordsIn(body, source, read);
    if ('transient' in found) return found;
    const { countHeader: header } = plan;
    if (
      header !== undefined &&
      facts.origin === undefined &&
      Number(facts.said ?? '') !== found.records.length
    )
      return otherCount(stream, found.records.length, facts.said, header);
    return {
      response: found.records,
      body: Buffer.from(stringifyExact(found.records)),
      ...(source.unproven && { unproven: true }),
    };
  };
}

function recordsIn(
  body: Uint8Array,
  source: Source,
  read: (body: Uint8Array, source: Source) => Found | PageFailure,
): Found | PageFailure {
  // Of what nobody has announced, nothing can be the beginning of something.
  if (body.length === 0 && source.unproven) return emptyBody(source.stream);
  return read(body, source);
}

/** Whether a recorded body is JSON already, as it was kept. */
export function isKeptForm(body: Uint8Array): boolean {
  const start = Buffer.from(body.buffer, body.byteOffset, Math.min(body.byteLength, 64))
    .toString()
    .trimStart();
  return /^\[\s*[{\]]/.test(start);
}
