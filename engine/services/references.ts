import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { complaint, TerminalError } from '../model/errors.ts';
import type { References } from '../model/ports.ts';

const reference = /\$\{(env|file):([^}]*?)\}/g;

function variable(environment: NodeJS.ProcessEnv, text: string, whole: string): string {
  const [name = '', fallback] = text.split(/:-(.*)/s);
  const value = environment[name] || fallback;
  if (value !== undefined) return value;
  throw new TerminalError(
    complaint(
      'ETL0401',
      `the environment variable ${name} is not set`,
      `${whole} stands in the project; set ${name} and run again.`,
    ),
  );
}

function file(folder: string, path: string, whole: string): string {
  try {
    return readFileSync(resolve(folder, path), 'utf8').trimEnd();
  } catch (error) {
    const reason =
      (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'does not exist' : (error as Error).message;
    throw new TerminalError(
      complaint(
        'ETL0402',
        `the file ${path} cannot be read: it ${reason}`,
        `${whole} stands in the project.`,
      ),
    );
  }
}

/** References to the process's environment and to files, which are relative to the project folder. */
export const environmentReferences = (folder: string, environment: NodeJS.ProcessEnv): References => ({
  resolve: (text) =>
    text.replace(reference, (whole, kind: string, name: string) =>
      kind === 'env' ? variable(environment, name, whole) : file(folder, name, whole),
    ),
});
