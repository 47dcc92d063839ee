import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { packageFolder } from './package.ts';

/**
 * Puts the schema of this very version where the modelines of a project look for it (`.etl/schema.json`), so that the
 * editor knows the same keys as the engine.
 */
export function writeEditorSchema(folder: string): void {
  mkdirSync(join(folder, '.etl'), { recursive: true });
  copyFileSync(join(packageFolder, 'schema.json'), join(folder, '.etl', 'schema.json'));
}
