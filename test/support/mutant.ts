import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from './root.ts';
import { withFolder } from './temporary-folder.ts';

/** A change of the limiter that a test must notice. */
export interface Mutation {
  /** Below engine/services/limiter/. */
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

const limiter = join('engine', 'services', 'limiter');

/** Loads a module of a copy of the limiter in which something was changed, while `use` runs. */
export async function withMutant<T>(
  { file, from, to }: Mutation,
  module: string,
  use: (loaded: T) => Promise<void>,
): Promise<void> {
  await withFolder({ 'package.json': '{"type": "module"}' }, async (folder) => {
    for (const part of [
      join('dist', 'engine', 'services'),
      join('dist', 'engine', 'model'),
      join(limiter, 'lua'),
    ]) {
      mkdirSync(join(folder, part), { recursive: true });
      cpSync(join(root, part), join(folder, part), { recursive: true });
    }
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
    const changed = join(folder, file.endsWith('.lua') ? '' : 'dist', limiter, file);
    const text = readFileSync(changed, 'utf8');
    if (!text.includes(from)) throw new Error(`${file} does not contain: ${from}`);
    writeFileSync(changed, text.replace(from, to));
    await use((await import(pathToFileURL(join(folder, 'dist', limiter, module)).href)) as T);
  });
}
