import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { complaint, TerminalError } from '../model/errors.ts';
import type { References } from '../model/ports.ts';
import { formsOf } from './secret-forms.ts';

const reference = /\$\{(env|file):([^}]*?)\}/g;

interface Given {
  readonly value: string;
  /** Whether it stands in the project, for everybody to read. */
  readonly isPublic?: boolean;
}

function variable(environment: NodeJS.ProcessEnv, text: string, whole: string): Given {
  const [name = '', fallback] = text.split(/:-(.*)/s);
  const value = environment[name] || fallback;
  if (value !== undefined) return { value, isPublic: value === fallback };
  throw new TerminalError(
    complaint(
      'ETL0401',
      `the environment variable ${name} is not set`,
      `${whole} stands in the project; set ${name} and run again.`,
    ),
  );
}

function file(folder: string, path: string, whole: string): Given {
  try {
    return { value: readFileSync(resolve(folder, path), 'utf8').trimEnd() };
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
  let forms: readonly string[] = [];
  const hide = (value: string): void => {
    if (value.length < redactedLengthMin || given.has(value)) return;
    given.add(value);
    // The longest first: a value that begins another would leave the rest of it.
    forms = [...new Set([...given].flatMap(formsOf))].sort((a, b) => b.length - a.length);
  };
  const look = (whole: string, kind: string, name: string): string => {
    const { value, isPublic } =
      kind === 'env' ? variable(environment, name, whole) : file(folder, name, whole);
    if (!isPublic) hide(value);
    return value;
  };
  return {
    resolve: (text) => text.replace(reference, look),
    hide,
    redact: (text) => forms.reduce((shown, form) => shown.replaceAll(form, '***'), text),
  };
}
