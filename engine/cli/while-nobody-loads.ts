import { RunLocks } from '../execute/run-locks.ts';
import { systemClock } from '../services/clock.ts';
import type { Outcome } from './base-command.ts';
import type { OpenedProject } from './planned.ts';
import { progressOn, silentProgress } from './progress.ts';
import { runIdentity } from './run-identity.ts';
import { interruption, stoppedCode } from './signals.ts';

/** While runs load, the ledger and the tables change: whoever compares them waits for runs, and runs wait for it. */
export async function whileNobodyLoads(
  { staging, state }: OpenedProject,
  quiet: boolean,
  work: (signal: AbortSignal) => Promise<Outcome>,
): Promise<Outcome> {
  const stop = interruption('stopping');
  const locks = new RunLocks({
    locks: state.locks,
    clock: systemClock,
    run: `etl audit ${runIdentity(new Date())}`,
    progress: quiet ? silentProgress : progressOn(process.stderr),
  });
  try {
    if (await staging.exists()) await locks.loading(stop.signal);
    return await work(stop.signal);
  } catch (error) {
    if (stop.received() === undefined) throw error;
    return { exitCode: stoppedCode(stop.received()), result: null, diagnostics: [], text: '' };
  } finally {
    stop.stop();
    await locks.close();
  }
}
