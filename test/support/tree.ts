import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { root, text } from './root.ts';

const unkept = new Set(['.git', 'node_modules', 'dist', 'coverage', '.etl']);

function below(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true })
    .filter((entry) => !unkept.has(entry.name))
    .flatMap((entry) => {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      return entry.isDirectory() ? below(path) : entry.isFile() ? [path] : [];
    });
}

/** Every file of the repository, as a path from its root, without what is installed, built or written by runs. */
export const tree: readonly string[] = below('').sort();

/** The TypeScript files below the given folders. */
export const sources = (...folders: string[]): string[] =>
  tree.filter((path) => path.endsWith('.ts') && folders.some((folder) => path.startsWith(`${folder}/`)));

/** The paths whose text a predicate complains about; binary files have no text. */
export const withText = (paths: readonly string[], wrong: (content: string) => boolean): string[] =>
  paths.filter((path) => {
    const content = text(path);
    return !content.includes('\0') && wrong(content);
  });
