import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import type { Name } from './ast.ts';

export interface StagedFile {
  /** After the stage's name. */
  readonly path: string;
  readonly file: string;
  readonly size: number;
  readonly md5: string;
  readonly modified: Date;
}

/** The files of all stages, each stage a folder. */
export class StageFiles {
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  /** The folder of a path of a stage, made if it is not there. */
  async folder(stage: Name, path: string): Promise<string> {
    const folder = this.#at(stage, path);
    await mkdir(folder, { recursive: true });
    return folder;
  }

  async write(stage: Name, path: string, content: Uint8Array): Promise<void> {
    const file = this.#at(stage, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, content);
  }

  /** Files whose path begins with the one given, in the order of their names. */
  async under(stage: Name, prefix: string): Promise<readonly StagedFile[]> {
    const root = this.#at(stage, '');
    const entries = await readdir(root, { recursive: true, withFileTypes: true }).catch(() => []);
    const files = entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
    const paths = files.map((file) => relative(root, file).split(sep).join('/'));
    const found = paths.filter((path) => path.startsWith(prefix)).sort();
    return Promise.all(found.map((path) => this.#described(stage, path)));
  }

  async remove(stage: Name, prefix: string, pattern?: RegExp): Promise<readonly string[]> {
    const found = (await this.under(stage, prefix)).filter(({ path }) => pattern?.test(path) ?? true);
    for (const { file } of found) await rm(file, { force: true });
    return found.map(({ path }) => path);
  }

  async #described(stage: Name, path: string): Promise<StagedFile> {
    const file = this.#at(stage, path);
    const { size, mtime } = await stat(file);
    const md5 = createHash('md5')
      .update(await readFile(file))
      .digest('hex');
    return { path, file, size, md5, modified: mtime };
  }

  #at(stage: Name, path: string): string {
    return join(this.#root, encodeURIComponent(stage.join('.')), path);
  }
}
