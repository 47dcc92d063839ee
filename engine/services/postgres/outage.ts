/** How long a server that was reached before is waited for. */
const outageMaxMs = 60_000;
const outageDelayMs = 100;
const outageDelayMaxMs = 5_000;

/** Waits between attempts: twice as long each time, all of them together no longer than an outage may last. */
export function* outageDelays(): Generator<number> {
  let waited = 0;
  for (
    let delay = outageDelayMs;
    waited + delay <= outageMaxMs;
    delay = Math.min(2 * delay, outageDelayMaxMs)
  ) {
    waited += delay;
    yield delay;
  }
}
