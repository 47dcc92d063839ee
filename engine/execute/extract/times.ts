import { instantMs, parseInstant } from '../../model/instant.ts';
import type { ReplyTimePlan, TimeFormat } from '../../model/plan.ts';
import type { Reply } from './reply.ts';

/** The longest window of a calendar and a day; what is farther off is written in another unit than declared. */
const farthestMs = 32 * 24 * 60 * 60 * 1000;

const months = 'Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec';
const clock = '\\d\\d:\\d\\d:\\d\\d';
/** The three forms of RFC 9110, of which the last is written without its zone. */
const zonedDate = new RegExp(
  `^\\w{3,9}, (?:\\d\\d (?:${months}) \\d{4}|\\d\\d-(?:${months})-\\d\\d) ${clock} GMT$`,
);
const asctimeDate = new RegExp(`^\\w{3} (?:${months}) [ \\d]\\d ${clock} \\d{4}$`);

/** Epoch milliseconds of an HTTP date; undefined for every other text, in which `Date.parse` would find some date. */
export function httpDateMs(text: string): number | undefined {
  const whole = asctimeDate.test(text) ? `${text} GMT` : zonedDate.test(text) ? text : undefined;
  const ms = whole === undefined ? Number.NaN : Date.parse(whole);
  return Number.isNaN(ms) ? undefined : ms;
}

/** What the API's clock said when it answered, by its `Date`; ours, where it does not tell. */
export const apiNowMs = (reply: Reply, nowMs: number): number =>
  httpDateMs(reply.header('date') ?? '') ?? nowMs;

/** Milliseconds from now until a time that a reply tells; undefined for one that is past, or too far off to be true. */
export function timeAt(reply: Reply, { from, as }: ReplyTimePlan, nowMs: number): number | undefined {
  return reply
    .valuesAt(from)
    .map((value) => timeMs(value, as, apiNowMs(reply, nowMs)))
    .find((ms) => ms !== undefined);
}

/** The same for one value, by the API's clock. */
export function timeMs(value: unknown, as: TimeFormat, apiNow: number): number | undefined {
  if (typeof value !== 'string' && typeof value !== 'number') return undefined;
  const ms = untilMs(String(value).trim(), as, apiNow);
  return ms !== undefined && ms > 0 && ms <= farthestMs ? Math.ceil(ms) : undefined;
}

function untilMs(text: string, as: TimeFormat, apiNow: number): number | undefined {
  switch (as) {
    case 'seconds':
      return scaled(text, 1000);
    case 'millis':
      return scaled(text, 1);
    case 'epoch':
      return from(scaled(text, 1000), apiNow);
    case 'epoch_ms':
      return from(scaled(text, 1), apiNow);
    case 'http_date':
      return from(httpDateMs(text), apiNow);
    case 'iso':
      return from(isoMs(text), apiNow);
  }
}

const scaled = (text: string, unitMs: number): number | undefined =>
  /^\d{1,16}(?:\.\d{1,20})?$/.test(text) ? Number(text) * unitMs : undefined;

const from = (instant: number | undefined, apiNow: number): number | undefined =>
  instant === undefined ? undefined : instant - apiNow;

/** Nanoseconds are more than is kept of an instant, and more than matters here. */
function isoMs(text: string): number | undefined {
  const instant = parseInstant(text.replace(/([.,]\d{6})\d+/, '$1'));
  return instant === undefined ? undefined : instantMs(instant);
}
