import { Errors, flush, run } from '@oclif/core';
import { exitCodes } from '../report/exit-code.ts';
import { commands } from './commands.ts';
import { printFailure } from './failure.ts';

/** Runs one command line. The exit code is set, never forced, so that everything printed arrives. */
export async function main(argv: readonly string[], url: string): Promise<void> {
  try {
    await run([...argv], url);
  } catch (error) {
    const [word = 'etl'] = argv;
    const hints = Object.hasOwn(commands, word)
      ? []
      : [`The commands are ${Object.keys(commands).join(', ')}.`];
    if (error instanceof Errors.ExitError)
      process.exitCode ??= error.oclif.exit === 0 ? exitCodes.ok : exitCodes.usage;
    else process.exitCode = printFailure(error, argv.includes('--json'), word, hints);
  }
  await flush();
}
