import { complaint, TerminalError, TransientError } from '../../model/errors.ts';
import { durationText } from '../../model/units.ts';
import type { Waiter } from './lane.ts';
import type { Later } from './store.ts';

/** The wait for a permit would be longer than the budget's patience: somebody has to decide, or to wait. */
export function tooLong({ budget, request }: Waiter, answer: Later, nowMs: number): TerminalError {
  const { stream } = request;
  if (answer.why === 'freeze') return frozenTooLong(stream, budget.domain, answer, nowMs);
  const limit = budget.limits.find(({ id }) => id === answer.boundBy);
  return new TerminalError(
    complaint(
      'ETL0451',
      `${stream}: limit ${answer.boundBy} of ${budget.domain} is used up until ${instant(nowMs, answer.waitUs)}`,
      `It is declared as ${limit?.declared ?? 'unknown'}; the wait of ${durationText(answer.waitUs / 1000)} is longer than the budget’s \`patience\`.`,
      'What was read so far is staged, and the next run goes on from there: run again then, or raise `budget.patience`.',
    ),
  );
}

function frozenTooLong(stream: string, domain: string, answer: Later, nowMs: number): TerminalError {
  const byHand = !Number.isFinite(answer.waitUs);
  const until = byHand ? 'until somebody thaws it' : `until ${instant(nowMs, answer.waitUs)}`;
  const mend = byHand
    ? `When the cause is gone: etl limits thaw ${domain}`
    : `Run again then, raise \`budget.patience\`, or, if it is known to be over: etl limits thaw ${domain}`;
  return new TerminalError(
    complaint(
      'ETL0451',
      `${stream}: the budget ${domain} is frozen ${until} (${answer.cause ?? 'throttle'})`,
      `Why: ${answer.reason ?? 'unknown'}`,
      mend,
      'What was read so far is staged, and the next run goes on from there.',
    ),
  );
}

const instant = (nowMs: number, waitUs: number): string =>
  new Date(nowMs + waitUs / 1000).toISOString().replace(/\.\d+Z$/, 'Z');

/** The store of the budget cannot be reached, and without it nothing may be sent. */
export const storeDown = (stream: string, domain: string, reason: string, forMs: number): TerminalError =>
  new TerminalError(
    complaint(
      'ETL0452',
      `${stream}: the budget ${domain} cannot be asked for permits: Redis is down`,
      `${reason}${forMs > 0 ? ` (for ${durationText(forMs)})` : ''}`,
      'Without it other processes cannot be seen, so nothing was sent. `budget.on_store_down` says what to do meanwhile.',
      'Check the `redis` of the environment, and run again: what was read so far is staged.',
    ),
  );

/** The store of a budget cannot be reached by somebody who sends nothing. */
export const unreachable = (domain: string, cause: Error): TransientError =>
  new TransientError(
    complaint(
      'ETL0452',
      `the budget ${domain} cannot be looked at: Redis is down`,
      cause.message,
      'Check the `redis` of the environment, and try again.',
    ),
    cause,
  );
