import { resolve } from 'node:path';
import { Command, Flags } from '@oclif/core';
import { type Checked, check } from '../engine.ts';
import { type Diagnostic, hasErrors } from '../model/diagnostic.ts';
import { RefusedError } from '../model/errors.ts';
import type { Project } from '../model/project.ts';
import { diagnosticText } from '../report/diagnostic-text.ts';
import { envelope } from './envelope.ts';
import { printFailure } from './failure.ts';
import { packageFolder } from './package.ts';
import { colored } from './terminal.ts';

/** What a command has to say: `text` for people, `result` for programs. */
export interface Outcome {
  readonly exitCode: number;
  readonly result: unknown;
  readonly text: string;
  readonly diagnostics: readonly Diagnostic[];
  /** Whether diagnostics follow the text: they explain it. */
  readonly explained?: boolean;
}

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
  json: Flags.boolean({ description: 'Print one JSON object instead of text.' }),
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
    const json = this.argv.includes('--json');
    try {
      const outcome = await this.perform();
      this.#print(outcome, json);
      process.exitCode = outcome.exitCode;
    } catch (error) {
      process.exitCode = printFailure(error, json, this.#name);
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

  #print({ exitCode, result, text, diagnostics, explained = false }: Outcome, json: boolean): void {
    if (json) {
      process.stdout.write(envelope({ command: this.#name, exitCode, result, diagnostics }));
      return;
    }
    if (!explained) printDiagnostics(diagnostics);
    if (text !== '') process.stdout.write(`${text}\n`);
    if (explained) printDiagnostics(diagnostics);
  }
}

function printDiagnostics(diagnostics: readonly Diagnostic[]): void {
  for (const diagnostic of diagnostics)
    process.stderr.write(`${diagnosticText(diagnostic, colored(process.stderr))}\n\n`);
}
