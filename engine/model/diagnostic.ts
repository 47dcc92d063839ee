/** How much a diagnostic matters: an `error` stops the command, a `warning` does not. */
export type Severity = 'error' | 'warning';

/** A stretch of one line of a project file. Lines and columns count from 1; `endColumn` is exclusive. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly endColumn: number;
  /** The whole source line, without its line end. */
  readonly text: string;
}

/**
 * One complaint, as data. `summary` names the problem in a few words; `label` stands under the caret;
 * `help` says what was expected and what to do next, a sentence each.
 */
export interface Diagnostic {
  /** `ETL` and four digits; docs/diagnostics.md has an entry for each. */
  readonly code: string;
  readonly severity: Severity;
  readonly summary: string;
  readonly place?: Place;
  readonly label?: string;
  readonly help: readonly string[];
  /** What a request has asked for and the API does not have, of a stream `source.stream`. */
  readonly field?: { readonly stream: string; readonly name: string };
}

export const hasErrors = (diagnostics: readonly Diagnostic[]): boolean =>
  diagnostics.some((diagnostic) => diagnostic.severity === 'error');
