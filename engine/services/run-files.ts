import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunFiles } from '../model/forget.ts';

/** The files that the runs of a project have left in its folder `.etl`. */
export function runFiles(folder: string): RunFiles {
  return {
    removeLoadFiles: async () => {
      const files = filesIn(join(folder, 'load'));
      rmSync(join(folder, 'load'), { recursive: true, force: true });
      return files.length;
    },
    change: async (change) => filesIn(join(folder, 'runs')).filter((file) => rewritten(file, change)).length,
  };
}

function filesIn(folder: string): readonly string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

function rewritten(file: string, change: (text: string) => string): boolean {
  const text = readFileSync(file, 'utf8');
  const changed = change(text);
  if (changed === text) return false;
  writeFileSync(`${file}.part`, changed);
  renameSync(`${file}.part`, file);
  return true;
}
