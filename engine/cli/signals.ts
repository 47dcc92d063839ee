import { exitCodes } from '../report/exit-code.ts';

export interface Interruption {
  readonly signal: AbortSignal;
  /** The signal that came, if one did. */
  received(): NodeJS.Signals | undefined;
  stop(): void;
}

/** Exit code of what a signal has stopped. */
export const stoppedCode = (name: NodeJS.Signals | undefined): number =>
  name === 'SIGTERM' ? exitCodes.terminated : exitCodes.interrupted;

/** The first Ctrl-C or SIGTERM asks to stop, and says what is done until then; a second one ends the process at once. */
export function interruption(until: string): Interruption {
  const controller = new AbortController();
  let received: NodeJS.Signals | undefined;
  const handle = (name: NodeJS.Signals): void => {
    if (received !== undefined) process.exit(stoppedCode(name));
    received = name;
    process.stderr.write(`${name}: ${until}; again to stop at once\n`);
    controller.abort(new Error(`stopped by ${name}`));
  };
  process.on('SIGINT', handle);
  process.on('SIGTERM', handle);
  return {
    signal: controller.signal,
    received: () => received,
    stop: () => {
      process.off('SIGINT', handle);
      process.off('SIGTERM', handle);
    },
  };
}
