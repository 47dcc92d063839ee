/** How long a server that was reached before is waited for. */
export const outageMaxMs = 60_000;
/** How long once it was waited for in vain: every step of a run asks, and none of them need wait as long again. */
export const outageAgainMaxMs = 1000;
const outageDelayMs = 100;
const outageDelayMaxMs = 5_000;

/** Waits between attempts: twice as long each time, all of them together no longer than `maxMs`. */
export function* outageDelays(maxMs: number): Generator<number> {
  let waited = 0;
  for (let delay = outageDelayMs; waited + delay <= maxMs; delay = Math.min(2 * delay, outageDelayMaxMs)) {
    waited += delay;
    yield delay;
  }
}
