import { Errors, flush, run } from '@oclif/core';
import { exitCodes } from '../report/exit-code.ts';
import { commandNames, loadCommands } from './commands.ts';
import { printFailure } from './failure.ts';
import { formatOf } from './output.ts';

/** Runs one command line. The exit code is set, never forced, so that everything printed arrives. */
export async function main(argv: readonly string[], url: string): Promise<void> {
  // What is told there is a courtesy: when its reader has gone away, the work goes on.
  process.stderr.on('error', () => {});
  const [word = 'etl'] = argv;
  try {
    if (word !== '--version') await loadCommands(word);
    await run([...argv], url);
  } catch (error) {
    const names = commandNames.map((id) => id.replaceAll(':', ' ')).sort();
    const hints = commandNames.includes(word) ? [] : [`The commands are ${names.join(', ')}.`];
    if (error instanceof Errors.ExitError)
      process.exitCode ??= error.oclif.exit === 0 ? exitCodes.ok : exitCodes.usage;
    else
      process.exitCode = printFailure(inOurWords(error, word), {
        command: word,
        format: formatOf(argv),
        hints,
      });
  }
  await flush();
}

/** oclif takes words after a command without arguments for the name of another command. */
function inOurWords(error: unknown, word: string): unknown {
  const [, first, more] =
    error instanceof Error ? (/^command (.+?):(.+) not found$/.exec(error.message) ?? []) : [];
  if (first !== word || more === undefined || !commandNames.includes(word)) return error;
  const below = commandNames.filter((id) => id.startsWith(`${word}:`));
  if (below.length > 0) {
    const known = below.map((id) => id.slice(word.length + 1)).join(', ');
    return new Errors.CLIError(
      `there is no \`${word} ${more.replaceAll(':', ' ')}\`: after ${word} comes ${known}`,
    );
  }
  return new Errors.CLIError(`${word} takes no argument \`${more.replaceAll(':', ' ')}\``);
}
