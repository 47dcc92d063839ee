import { TransientError } from '../../../model/errors.ts';
import { TokenDelayedError } from './token-failures.ts';
import { attemptMs } from './token-reply.ts';
import type { TokenServices } from './token-services.ts';

/** Longest time from the first request of a refresh to its last answer; nobody else refreshes meanwhile. */
export const refreshMaxMs = 30_000;
const attemptsMax = 3;
const backoffBaseMs = 500;

/** Attempts again, with full jitter or as long as the provider asks, while there is time and it may help. */
export async function persistently<T>(
  attempt: () => Promise<T>,
  { clock, random, signal }: Pick<TokenServices, 'clock' | 'random' | 'signal'>,
): Promise<T> {
  const endMs = clock.now() + refreshMaxMs - attemptMs;
  for (let failures = 1; ; failures += 1) {
    try {
      return await attempt();
    } catch (error) {
      const waitMs = waitAfter(error, failures, random);
      if (failures >= attemptsMax || clock.now() + waitMs > endMs) throw error;
      await clock.sleep(waitMs, signal);
    }
  }
}

/** How long to wait before the next attempt; forever when it would not help. */
function waitAfter(error: unknown, failures: number, random: () => number): number {
  if (!(error instanceof TransientError)) return Number.POSITIVE_INFINITY;
  const asked = error instanceof TokenDelayedError ? error.retryAfterMs : undefined;
  return asked ?? random() * backoffBaseMs * 2 ** failures;
}
