import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const above = (folder: string): string =>
  existsSync(join(folder, 'package.json')) ? folder : above(dirname(folder));

/** The repository's folder; tests run from `dist/`. */
export const root = above(dirname(fileURLToPath(import.meta.url)));

/** A file of the repository, as text. */
export const text = (...path: string[]): string => readFileSync(join(root, ...path), 'utf8');
