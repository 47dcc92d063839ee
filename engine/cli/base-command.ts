import { resolve } from 'node:path';
import { Command, Flags } from '@oclif/core';
import { type Checked, check } from '../engine.ts';
import { hasErrors } from '../model/diagnostic.ts';
import { RefusedError } from '../model/errors.ts';
import type { Project } from '../model/project.ts';
import { printFailure } from './failure.ts';
import { flagOf, formatOf, formats, print, type Said } from './output.ts';
import { packageFolder } from './package.ts';

/** What a command has to say: `text` for people, `result` for programs. */
export type Outcome = Omit<Said, 'command' | 'folder'>;

/** Flags that every command understands. */
export const commonFlags = {
  project: Flags.string({
    char: 'p',
    description: 'Folder of the project.',
    default: '.',
    helpValue: 'FOLDER',
  }),
  env: Flags.string({
    char: 'e',
    description: 'Environment; `dev` unless said otherwise.',
    helpValue: 'NAME',
  }),
  json: Flags.boolean({ description: 'Print one JSON object instead of text: `--format json`.' }),
  format: Flags.option({
    options: formats,
    default: 'text',
    description:
      'How to answer: for people, as JSON, as a comment for a pull request, as JUnit XML, or with annotations of a GitHub workflow.',
  })(),
};

export interface CommonFlags {
  readonly project: string;
  readonly env?: string | undefined;
  readonly json: boolean;
}

/** One shape for all commands: parse, do, print. Diagnostics and progress go to stderr, the outcome to stdout. */
export abstract class BaseCommand extends Command {
  protected abstract perform(): Promise<Outcome>;

  override async run(): Promise<void> {
    const format = formatOf(this.argv);
    // Two ways to say the same: what looks at one of them knows the other.
    if (format === 'json' && !this.argv.includes('--json')) this.argv.push('--json');
    const [command, folder] = [this.#name, this.#folder];
    try {
      const outcome = await this.perform();
      print({ ...outcome, command, folder }, format);
      process.exitCode = outcome.exitCode;
    } catch (error) {
      process.exitCode = printFailure(error, { command, format, folder });
    }
  }

  /** The project as declared. @throws RefusedError (exit 3) when it is not valid. */
  protected async project(flags: CommonFlags): Promise<Checked & { readonly project: Project }> {
    const checked = await check(resolve(flags.project), packageFolder, flags.env);
    const { project } = checked;
    if (project === undefined || hasErrors(checked.diagnostics))
      throw new RefusedError('invalid', checked.diagnostics);
    return { ...checked, project };
  }

  /** As it is called: `limits explain`. */
  get #name(): string {
    return (this.id ?? '').replaceAll(':', ' ');
  }

  /** Where the project is, as it was called: annotations name files from there. */
  get #folder(): string {
    return flagOf(this.argv, '--project') ?? flagOf(this.argv, '-p') ?? '.';
  }
}
