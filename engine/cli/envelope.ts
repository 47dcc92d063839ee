import type { Diagnostic } from '../model/diagnostic.ts';

/** What every command prints with `--json`. */
export interface Envelope {
  readonly command: string;
  readonly exitCode: number;
  readonly result: unknown;
  readonly diagnostics: readonly Diagnostic[];
}

export const envelope = (content: Envelope): string => `${JSON.stringify(content, null, 2)}\n`;
