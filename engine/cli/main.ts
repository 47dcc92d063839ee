import { Errors, flush, run } from '@oclif/core';
import { exitCodes } from '../report/exit-code.ts';
import { printFailure } from './failure.ts';

/** Runs one command line. The exit code is set, never forced, so that everything printed arrives. */
export async function main(argv: readonly string[], url: string): Promise<void> {
  try {
    await run([...argv], url);
  } catch (error) {
    if (error instanceof Errors.ExitError)
      process.exitCode ??= error.oclif.exit === 0 ? exitCodes.ok : exitCodes.usage;
    else process.exitCode = printFailure(error, argv.includes('--json'), argv[0] ?? 'etl');
  }
  await flush();
}
