import type * as config from '../model/config.ts';
import { knownPath } from '../model/path.ts';
import type {
  Literal,
  ReplyTimePlan,
  ReplyValuePlan,
  ResponseClass,
  ResponseRulePlan,
} from '../model/plan.ts';
import { parseDuration } from '../model/units.ts';

/** Where a value stands in a reply. */
export const compileReplyValue = ({ header, body }: config.ReplyValue): ReplyValuePlan =>
  header === undefined ? { path: knownPath(body ?? '') } : { header: header.toLowerCase() };

export const compileReplyTime = (time: config.ReplyTime): ReplyTimePlan => ({
  from: compileReplyValue(time),
  as: time.as,
});

const rule = (statuses: readonly number[], kind: ResponseClass): ResponseRulePlan => ({
  statuses,
  headers: [],
  body: [],
  class: kind,
});

/** What holds for every API, unless it says otherwise. A 403 is never tried again: it can be a ban. */
const generalRules: readonly ResponseRulePlan[] = [
  rule([429], 'throttle'),
  rule([401], 'auth'),
  rule([403], 'forbidden'),
  rule([423], 'lock'),
  rule([408, 425, 500, 502, 503, 504], 'overload'),
];

/** The rules of a source, and the general ones behind them. */
export const compileResponses = (
  responses: readonly config.ResponseRule[] = [],
): readonly ResponseRulePlan[] => [...responses.map(compileRule), ...generalRules];

function compileRule({ when, limit, until, for: wait, class: kind }: config.ResponseRule): ResponseRulePlan {
  const { status, header = {}, body = {}, bodyMatches } = when;
  return {
    ...(status !== undefined && { statuses: [status].flat() }),
    headers: Object.entries(header).map(([name, value]) => ({ name: name.toLowerCase(), value })),
    body: Object.entries(body).map(([path, value]) => ({ path: knownPath(path), value: value as Literal })),
    ...(bodyMatches !== undefined && { bodyMatches }),
    class: kind,
    ...(limit !== undefined && { limit }),
    ...(until && { until: compileReplyTime(until) }),
    ...(wait !== undefined && { forMs: parseDuration(wait) }),
  };
}
