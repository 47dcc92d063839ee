import { complaint, TerminalError } from '../../../model/errors.ts';
import { StoreDown } from '../store.ts';

/** Redis runs, and cannot do it now: it starts, follows another one, or has no memory left. */
const passing =
  /\b(?:LOADING|READONLY|CLUSTERDOWN|MASTERDOWN|TRYAGAIN|BUSY|UNKILLABLE|MISCONF|NOREPLICAS|OOM)\b/;
const refused =
  /\b(?:WRONGPASS|NOAUTH|NOPERM)\b|invalid (?:username-)?password|without any password configured/i;
const tooOld = /non deterministic commands|unknown (?:redis )?command/i;

/** What a failed command means; `before` is what the connection last failed with. */
export function redisFailure(error: unknown, before: Error | undefined): unknown {
  if (!(error instanceof Error)) return error;
  const said = [error.message, before?.message ?? ''].find((message) => refused.test(message));
  if (said !== undefined) return unusable(`Redis refuses this user: ${said}`, error);
  if (error.name !== 'ReplyError') return new StoreDown(before?.message || error.message);
  if (passing.test(error.message)) return new StoreDown(error.message);
  if (tooOld.test(error.message))
    return unusable(`Redis is too old: ${error.message}`, error, 'Budgets need Redis 5 or newer.');
  return error;
}

/** @throws TerminalError when it is no URL of a Redis. */
export function checkRedisUrl(url: string): void {
  const protocol = URL.canParse(url) ? new URL(url).protocol : '';
  if (protocol === 'redis:' || protocol === 'rediss:') return;
  throw unusable(
    'the address of Redis is no URL',
    undefined,
    'It looks like `redis://host:6379`, or `rediss://user:password@host:6380/0` for one that is encrypted.',
  );
}

const unusable = (summary: string, cause: unknown, help = 'Check user and password.'): TerminalError =>
  new TerminalError(
    complaint('ETL0453', summary, help, 'It is the `redis` of the environment in etl.yml.'),
    cause,
  );
