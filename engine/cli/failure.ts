import { Errors } from '@oclif/core';
import type { Diagnostic } from '../model/diagnostic.ts';
import { ExplainedError, RefusedError } from '../model/errors.ts';
import { exitCodes } from '../report/exit-code.ts';
import { type Format, print } from './output.ts';
import { systemDiagnostic } from './system-failure.ts';

interface Failure {
  readonly exitCode: number;
  readonly diagnostics: readonly Diagnostic[];
}

/** A command line that failed. */
interface Called {
  readonly command: string;
  readonly format: Format;
  /** Folder of the project, as it was called. */
  readonly folder?: string;
  /** What helps with wrong usage. */
  readonly hints?: readonly string[];
}

/** Prints why a command failed, and gives its exit code. */
export function printFailure(error: unknown, { command, format, folder = '.', hints = [] }: Called): number {
  const { exitCode, diagnostics } = failureOf(error, hints);
  print({ command, exitCode, result: null, text: '', diagnostics, folder }, format);
  return exitCode;
}

function failureOf(error: unknown, hints: readonly string[]): Failure {
  if (error instanceof RefusedError) {
    return { exitCode: exitCodes[error.reason], diagnostics: error.diagnostics };
  }
  if (error instanceof ExplainedError)
    return { exitCode: exitCodes.failedSteps, diagnostics: [error.diagnostic] };
  if (error instanceof Errors.CLIError)
    return { exitCode: exitCodes.usage, diagnostics: [usage(error, hints)] };
  const refusal = systemDiagnostic(error);
  return refusal === undefined
    ? { exitCode: exitCodes.internal, diagnostics: [bug(error)] }
    : { exitCode: exitCodes.failedSteps, diagnostics: [refusal] };
}

const usage = ({ message }: Error, hints: readonly string[]): Diagnostic => ({
  code: 'ETL0901',
  severity: 'error',
  summary: message
    .replace(/^Parsing --\S+ \n\t/, '')
    .replace(/^The following errors? occurred:\s*/, '')
    .replace(/\nSee more help with --help$/, '')
    .trim(),
  help: [...hints, '`etl --help` lists the commands, `etl COMMAND --help` the flags of one.'],
});

const bug = (error: unknown): Diagnostic => ({
  code: 'ETL0902',
  severity: 'error',
  summary: `Sluice failed in a way it should not: ${error instanceof Error ? error.message : String(error)}`,
  help: [
    'This is a bug of ours; what was staged before is safe. Please report it with these lines:',
    ...((error instanceof Error ? error.stack : undefined) ?? '')
      .split('\n')
      .slice(1, 6)
      .map((line) => line.trim()),
  ],
});
