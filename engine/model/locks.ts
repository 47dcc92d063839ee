import type { Diagnostic } from './diagnostic.ts';
import { complaint, TransientError } from './errors.ts';
import type { LockView } from './state-port.ts';
import type { StreamPlan } from './stream-plan.ts';
import { durationText } from './units.ts';

/** Of the one warehouse of an environment. */
export const loadLock = 'load:warehouse';

/** Of what reads one stream of one account. */
export const extractLock = ({
  source,
  account,
  name,
}: Pick<StreamPlan, 'source' | 'account' | 'name'>): string =>
  `extract:${source}.${name}${account === 'default' ? '' : `@${account}`}`;

/** Whoever finds that a lock is not its own any more stops with this. */
export const lostLock = (name: string): TransientError =>
  new TransientError(
    complaint(
      'ETL0631',
      `the lock ${name} was lost while the work went on`,
      'This process stood still for longer than the lock lasts, or somebody has taken it away (`etl state unlock`). Nothing was committed after that.',
      'Whoever has the lock now goes on from what was committed; `etl state show` says who it is.',
    ),
  );

/** Who has a lock. */
export const holderText = ({ holder, host, pid }: LockView): string => `${holder} on ${host}, process ${pid}`;
const clockText = (iso: string): string => `${iso.slice(0, 19).replace('T', ' ')} UTC`;

/** Names who has a lock, since when, what for, until when, and what to do. */
export function heldBy(holder: LockView, nowMs: number): Diagnostic {
  const { name, run, what, acquiredAt, expiresAt, host, pid } = holder;
  const since = durationText(Math.max(0, nowMs - Date.parse(acquiredAt)));
  return complaint(
    'ETL0630',
    `another run is ${what}: ${run} (${holderText(holder)})`,
    `It has held the lock \`${name}\` since ${clockText(acquiredAt)} (${since}), and renews it until ${clockText(expiresAt)}.`,
    `Wait until it is done and run again, or end it first (\`kill ${pid}\` on ${host}): nothing is lost.`,
    `If it has died, the lock expires by itself at ${clockText(expiresAt)}; \`etl state unlock ${name}\` takes it away at once.`,
  );
}
