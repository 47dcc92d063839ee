import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { packageFolder } from './package.ts';
import { systemDiagnostic } from './system-failure.ts';

/**
 * Puts the schema of this very version where the modelines of a project look for it (`.etl/schema.json`), so that the
 * editor knows the same keys as the engine.
 */
export function writeEditorSchema(folder: string): void {
  mkdirSync(join(folder, '.etl'), { recursive: true });
  copyFileSync(join(packageFolder, 'schema.json'), join(folder, '.etl', 'schema.json'));
}

/** The same as a courtesy: a folder that cannot be written is no reason to fail. */
export function refreshEditorSchema(folder: string): void {
  try {
    writeEditorSchema(folder);
  } catch (error) {
    if (systemDiagnostic(error) === undefined) throw error;
  }
}
