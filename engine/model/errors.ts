import type { Diagnostic } from './diagnostic.ts';

/** A failure that a diagnostic explains. Its two kinds say whether trying again can help. */
export abstract class ExplainedError extends Error {
  readonly diagnostic: Diagnostic;

  constructor(diagnostic: Diagnostic, cause?: unknown) {
    super(`${diagnostic.code}: ${diagnostic.summary}`, { cause });
    this.diagnostic = diagnostic;
  }

  /** The same failure, said in other words. */
  said(change: (diagnostic: Diagnostic) => Diagnostic): this {
    const kind = this.constructor as new (diagnostic: Diagnostic, cause?: unknown) => this;
    return new kind(change(this.diagnostic), this.cause);
  }
}

/** The outside world failed in a way that may pass: a reset connection, a 503, an answer cut short. */
export class TransientError extends ExplainedError {
  override readonly name = 'TransientError';
}

/** Trying again will not help until somebody changes something. */
export class TerminalError extends ExplainedError {
  override readonly name = 'TerminalError';
}

/** The command cannot start: the project is invalid (exit 3) or something refuses it (exit 4). */
export class RefusedError extends Error {
  override readonly name = 'RefusedError';
  readonly diagnostics: readonly Diagnostic[];
  readonly reason: 'invalid' | 'refused';

  constructor(reason: 'invalid' | 'refused', diagnostics: readonly Diagnostic[]) {
    super(diagnostics.map((diagnostic) => `${diagnostic.code}: ${diagnostic.summary}`).join('\n'));
    this.reason = reason;
    this.diagnostics = diagnostics;
  }
}

/** States what the code relies on; a false one is a bug of ours (exit 70), never a user's mistake. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`Assertion failed: ${message}`);
}

/** A diagnostic of the error class, without a place in a file. */
export const complaint = (code: string, summary: string, ...help: string[]): Diagnostic => ({
  code,
  severity: 'error',
  summary,
  help,
});
