import { accountStream } from '../../model/accounts.ts';
import type { ApiRequest, ApiResponse, LookupAsk, LookupReply } from '../../model/batch.ts';
import { assert, complaint, TerminalError, TransientError } from '../../model/errors.ts';
import type { LookupPlan, SourcePlan, StreamPlan } from '../../model/plan.ts';
import { type Caching, cachedSend, type Sending } from './cached.ts';

/** Lookups of one stream that are asked for at the same time, at most. */
const atOnceMax = 4;

/** What asking for lookups needs. */
export interface Asking {
  readonly stream: StreamPlan;
  /** With its base URL resolved. */
  readonly source: SourcePlan;
  readonly sending: Sending;
  caching(lookup: LookupPlan): Caching;
}

/** Gives the replies to what a page asks for, in order. */
export type LookUp = (asks: readonly LookupAsk[]) => Promise<readonly LookupReply[]>;

/** Asks for lookups through the cache, a few at a time for all pages of the stream together. */
export function lookUp(asking: Asking): LookUp {
  const slots = new Slots(atOnceMax);
  return async (asks) => {
    let failed = false;
    const one = async (ask: LookupAsk): Promise<LookupReply> => {
      // The page is lost already: no request is made for it any more.
      if (failed) return { ...ask, body: null };
      try {
        return { ...ask, body: await reply(asking, ask) };
      } catch (error) {
        failed = true;
        throw error;
      }
    };
    return Promise.all(asks.map((ask) => slots.run(() => one(ask))));
  };
}

/** The body of the reply; null when there is none. */
function reply(asking: Asking, { lookup: name, target }: LookupAsk): Promise<Uint8Array | null> {
  const { stream, source, sending } = asking;
  const lookup = stream.lookups.find((one) => one.name === name);
  assert(lookup, `the stream has the lookup ${name}`);
  const url = source.baseUrl.replace(/\/$/, '') + target;
  const request: ApiRequest = { method: 'GET', url, headers: source.headers };
  return cachedSend(asking.caching(lookup), request, sending, async (response) => {
    if (response.status === missingStatus) return missing(stream, lookup, target);
    return jsonBody(stream, lookup, target, response);
  });
}

const missingStatus = 404;

/** Statuses besides 200 that are replies to a lookup: which of them fails is said with the lookup's own words. */
export const lookupAnswers: readonly number[] = [missingStatus];

function missing(stream: StreamPlan, lookup: LookupPlan, target: string): null {
  if (lookup.missing === 'null') return null;
  throw new TerminalError(
    complaint(
      'ETL0445',
      `${accountStream(stream)}: there is nothing at ${target} (404), where the lookup ${lookup.name} looks`,
      'A record names it. `missing: null` leaves the lookup of such records empty.',
    ),
  );
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** What is no JSON now may be when it is asked for again; it must not be kept. */
function jsonBody(stream: StreamPlan, lookup: LookupPlan, target: string, { body }: ApiResponse): Uint8Array {
  try {
    JSON.parse(utf8.decode(body));
    return body;
  } catch (error) {
    throw new TransientError(
      complaint(
        'ETL0446',
        `${accountStream(stream)}: the reply to the lookup ${lookup.name} is not JSON: ${target}`,
        'It may be cut short, or a page for people. Check the `path` of the lookup.',
      ),
      error,
    );
  }
}

/** Lets a few at a time work; the others come in turn. */
class Slots {
  readonly #waiting: (() => void)[] = [];
  #free: number;

  constructor(size: number) {
    this.#free = size;
  }

  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#free === 0) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#free -= 1;
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free += 1;
      else next();
    }
  }
}
