import type { Frozen, Thawed } from '../model/budget-view.ts';
import { durationText } from '../model/units.ts';
import { clockText, freezeText } from './waits-text.ts';

export interface FreezeTextOptions {
  readonly nowMs: number;
  /** Whether processes share their budgets. */
  readonly shared: boolean;
}

const nextRun = 'Without `redis` the next run obeys it, not one that goes on now.';

/** What a freeze by hand means. */
export function frozenText(
  { domain, limit, sources, reason, ms }: Frozen,
  { nowMs, shared }: FreezeTextOptions,
): string {
  const end =
    ms === undefined
      ? 'until somebody thaws it'
      : `for ${durationText(ms)}, until ${clockText(nowMs + ms, nowMs)}`;
  const requests =
    limit === undefined ? `No request of ${sources.join(', ')}` : `Nothing that ${limit} binds`;
  return [
    `${nameOf(domain, limit)} is frozen ${end}: ${reason}`,
    `${requests} leaves until then; what is under way is finished. \`etl limits thaw ${domain}${flagOf(limit)}\` ends it.`,
    ...(shared ? [] : [nextRun]),
  ].join('\n');
}

/** What a thaw ended. */
export function thawedText(
  { domain, limit, count, ended }: Thawed,
  { nowMs, shared }: FreezeTextOptions,
): string {
  if (count === 0) return `${nameOf(domain, limit)} is not frozen: nothing has changed.`;
  return [
    ...ended.map(
      (freeze) => `Ended: ${nameOf(domain, freeze.limit)}, frozen until ${freezeText(freeze, nowMs)}.`,
    ),
    `${nameOf(domain, limit)} is thawed: requests leave again as its limits allow.`,
    ...(shared ? [] : [nextRun]),
  ].join('\n');
}

const nameOf = (domain: string, limit: string | undefined): string =>
  limit === undefined ? domain : `${limit} of ${domain}`;

const flagOf = (limit: string | undefined): string => (limit === undefined ? '' : ` --limit ${limit}`);
