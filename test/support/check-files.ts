import { type Checked, check } from '../../engine/engine.ts';
import { projectFolder } from './cli.ts';
import { root } from './root.ts';

/** Reads and validates a project of these files. */
export const checkFiles = (files: Readonly<Record<string, string>>): Promise<Checked> =>
  check(projectFolder(files), root);
