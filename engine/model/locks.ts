import { complaint, TransientError } from './errors.ts';
import type { StreamPlan } from './stream-plan.ts';

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
