import { join } from 'node:path';
import type { Diagnostic } from '../model/diagnostic.ts';
import { diagnosticText } from '../report/diagnostic-text.ts';
import { githubText } from '../report/github-text.ts';
import { type CaseOutcome, commandCase, junitText } from '../report/junit-text.ts';
import { markdownText } from '../report/markdown-text.ts';
import { envelope } from './envelope.ts';
import { colored } from './terminal.ts';

export const formats = ['text', 'json', 'markdown', 'junit', 'github'] as const;
export type Format = (typeof formats)[number];

/** How a command line wants to be answered; it may be wrong in everything else. */
export function formatOf(argv: readonly string[]): Format {
  if (argv.includes('--json')) return 'json';
  const wanted = flagOf(argv, '--format');
  return formats.find((format) => format === wanted) ?? 'text';
}

/** The value of a flag, as `--flag VALUE` or `--flag=VALUE`. */
export function flagOf(argv: readonly string[], flag: string): string | undefined {
  const at = argv.findIndex((word) => word === flag || word.startsWith(`${flag}=`));
  const word = argv[at];
  if (word === undefined) return undefined;
  return word === flag ? argv[at + 1] : word.slice(flag.length + 1);
}

/** What a command has to say. */
export interface Said {
  readonly command: string;
  readonly exitCode: number;
  readonly result: unknown;
  readonly text: string;
  readonly diagnostics: readonly Diagnostic[];
  /** Whether diagnostics follow the text: they explain it. */
  readonly explained?: boolean;
  /** What was looked at, one by one. */
  readonly cases?: readonly CaseOutcome[];
  /** What matters most, in Markdown. */
  readonly summary?: string;
  /** Folder of the project, as it was called. */
  readonly folder: string;
}

/** Prints it: for programs to stdout; for people diagnostics go to stderr. */
export function print(said: Said, format: Format): void {
  if (format !== 'text') {
    put(texts[format](said));
    return;
  }
  if (said.explained !== true) printDiagnostics(said.diagnostics);
  put(said.text);
  if (said.explained === true) printDiagnostics(said.diagnostics);
}

const texts: { readonly [format in Exclude<Format, 'text'>]: (said: Said) => string } = {
  json: ({ command, exitCode, result, diagnostics }) =>
    envelope({ command, exitCode, result, diagnostics }).trimEnd(),
  junit: ({ command, exitCode, diagnostics, cases }) =>
    junitText(command, cases ?? [commandCase(command, exitCode, diagnostics)]),
  markdown: markdownText,
  github: ({ diagnostics, text, folder, cases }) =>
    [githubText(diagnostics, (file) => join(folder, file), cases), text]
      .filter((one) => one !== '')
      .join('\n'),
};

function put(text: string): void {
  if (text !== '') process.stdout.write(`${text}\n`);
}

function printDiagnostics(diagnostics: readonly Diagnostic[]): void {
  for (const diagnostic of diagnostics)
    process.stderr.write(`${diagnosticText(diagnostic, colored(process.stderr))}\n\n`);
}
