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

/** Shorter values would be found in innocent texts, and hide them. */
const redactedLengthMin = 4;

/** References to the process's environment and to files, which are relative to the project folder. */
export function environmentReferences(folder: string, environment: NodeJS.ProcessEnv): References {
  const given = new Set<string>();
  const hide = (value: string): void => {
    if (value.length >= redactedLengthMin) given.add(value);
  };
  const look = (whole: string, kind: string, name: string): string => {
    const value = kind === 'env' ? variable(environment, name, whole) : file(folder, name, whole);
    hide(value);
    return value;
  };
  // The longest first: a value that begins another would leave the rest of it.
  const longestFirst = (): readonly string[] => [...given].sort((a, b) => b.length - a.length);
  return {
    resolve: (text) => text.replace(reference, look),
    hide,
    redact: (text) => longestFirst().reduce((shown, value) => shown.replaceAll(value, '***'), text),
  };
}
