import type { ResponseClass, ResponseRulePlan } from '../../model/plan.ts';
import type { Reply } from './reply.ts';

/** What a reply means, and the rule that says so. */
export interface Verdict {
  readonly class: ResponseClass;
  readonly rule?: ResponseRulePlan;
}

/** The class of a reply: that of the first rule that matches, and otherwise that of its status, or of what GraphQL says. */
export function classify(rules: readonly ResponseRulePlan[], reply: Reply): Verdict {
  const rule = rules.find((one) => matches(one, reply));
  if (rule !== undefined) return { class: rule.class, rule };
  const byStatus = classOf(reply.status);
  return { class: byStatus === 'ok' && isIncomplete(reply) ? 'client' : byStatus };
}

/**
 * GraphQL answers with status 200, too, what it could do in part or not at all; a field that failed is null among the records.
 * Its responses have these keys and no others: https://spec.graphql.org/October2021/#sec-Response-Format
 */
function isIncomplete(reply: Reply): boolean {
  // Most replies need not be parsed to know.
  if (!/^\s*\{\s*"(?:data|errors|extensions)"\s*:/.test(reply.text) || !reply.has('"errors"')) return false;
  const { errors, data: _, extensions: __, ...others } = (reply.json ?? {}) as Record<string, unknown>;
  return Array.isArray(errors) && errors.length > 0 && Object.keys(others).length === 0;
}

/** Whether only the status speaks: nobody has said what this reply means. */
export const isGeneral = ({ rule }: Verdict): boolean =>
  rule === undefined ||
  (rule.headers.length === 0 && rule.body.length === 0 && rule.bodyMatches === undefined);

function classOf(status: number): ResponseClass {
  // A 304 is the good answer to a conditional request, and nobody else gets one.
  if ((status >= 200 && status < 300) || status === 304) return 'ok';
  if (status >= 300 && status < 400) return 'redirect';
  return status >= 500 ? 'overload' : 'client';
}

/** The body is looked at last, since it has to be parsed. */
const matches = ({ statuses, headers, body, bodyMatches }: ResponseRulePlan, reply: Reply): boolean =>
  (statuses?.includes(reply.status) ?? true) &&
  headers.every(({ name, value }) => reply.header(name) === value) &&
  (bodyMatches === undefined || new RegExp(bodyMatches, 'i').test(reply.text)) &&
  body.every(({ path, value }) => reply.bodyValues(path).some((found) => isSame(found, value)));

/** A number and its text are the same: providers write codes either way. */
const isSame = (found: unknown, value: unknown): boolean =>
  (found === null || typeof found !== 'object') && String(found) === String(value);
