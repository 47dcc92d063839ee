import type { Checked } from '../../engine/engine.ts';
import type { Diagnostic } from '../../engine/model/diagnostic.ts';
import { readProject } from '../../engine/read/read.ts';
import { diagnosticText } from '../../engine/report/diagnostic-text.ts';
import { validateProject } from '../../engine/validate/validate.ts';
import { root } from './root.ts';

/** For what expires: overrides of the year 2001 have, those of 9999 have not. */
const nowMs = Date.parse('2026-01-31T12:00:00Z');

/** Reads and validates a project folder, as `etl validate` does. */
export async function checkProject(folder: string, environment?: string): Promise<Checked> {
  const read = await readProject(folder, root);
  const options = environment === undefined ? {} : { environment };
  return { files: read.files, ...validateProject(read.files, { ...options, nowMs, read: read.diagnostics }) };
}

/** Diagnostics as they are printed, without colour. */
export const printed = (diagnostics: readonly Diagnostic[]): string =>
  diagnostics.map((diagnostic) => `${diagnosticText(diagnostic, false)}\n`).join('\n');
