import { type Dirent, promises as fs } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { globMatcher } from '../../model/glob.ts';
import { instantText } from '../../model/instant.ts';
import { unreadable } from './failures.ts';

export interface FoundFile {
  /** Path below the base, with slashes. */
  readonly name: string;
  readonly path: string;
  readonly size: number;
  readonly isGzip: boolean;
  /** When it was changed last: a canonical instant. */
  readonly modified: string;
  /** Tells one version of the file from another. */
  readonly version: string;
}

const filesMax = 100_000;
const unfinished = /(^|\/)\.|\.(tmp|part|partial|crdownload|swp)$|~$/i;

/** Files below a folder that match a glob, by name. Unfinished ones are left out. */
export async function listed(folder: string, glob: string): Promise<readonly FoundFile[]> {
  const pattern = glob.replace(/^\//, '');
  const matches = globMatcher(pattern);
  const names = /[*?]/.test(pattern) ? await namesBelow(folder, fixedPart(pattern)) : [pattern];
  const wanted = names.filter((name) => matches(name) && !unfinished.test(name));
  const found = await Promise.all(wanted.map((name) => described(folder, name)));
  return found.filter((file) => file !== undefined).sort((a, b) => compare(a.name, b.name));
}

export const compare = (a: string, b: string): number => (a < b ? -1 : Number(a > b));

/** Folders before the first wildcard: only they are looked through. */
const fixedPart = (pattern: string): string => {
  const at = pattern.search(/[*?]/);
  return pattern.slice(0, pattern.lastIndexOf('/', at) + 1);
};

async function namesBelow(folder: string, part: string): Promise<readonly string[]> {
  const root = join(folder, part);
  const names: string[] = [];
  const pending = [root];
  for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
    for (const entry of await entriesOf(at)) {
      const path = join(at, entry.name);
      if (entry.isDirectory()) pending.push(path);
      else names.push(relative(folder, path).split(sep).join('/'));
      if (names.length > filesMax)
        throw unreadable(root, new Error(`there are more than ${filesMax} files in it`));
    }
  }
  return names;
}

async function entriesOf(folder: string): Promise<readonly Dirent[]> {
  try {
    return await fs.readdir(folder, { withFileTypes: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw unreadable(folder, error);
  }
}

/** A file as it is now; undefined where it is gone, or no file. */
export async function described(folder: string, name: string): Promise<FoundFile | undefined> {
  const path = join(folder, name);
  try {
    const stat = await fs.stat(path, { bigint: true });
    if (!stat.isFile()) return undefined;
    const microseconds = stat.mtimeNs / 1000n;
    const fraction = String(microseconds % 1_000_000n).padStart(6, '0');
    const modified = instantText(Number(microseconds / 1_000_000n) * 1000, fraction) ?? '';
    const version = `${stat.size} bytes of ${modified}`;
    return { name, path, size: Number(stat.size), isGzip: name.endsWith('.gz'), modified, version };
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw unreadable(path, error);
  }
}
