import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Checked } from '../engine.ts';
import type { Project } from '../model/project.ts';
import { sourceKinds } from '../model/source-kind.ts';
import { projectNames, projectSchema } from '../operations/project-schema.ts';
import { packageFolder } from './package.ts';
import { systemDiagnostic } from './system-failure.ts';

type Valid = Pick<Checked, 'files'> & { readonly project: Project };

/** The schema of this very version as an editor is to know it: with the names of the project, where there is one. */
export function editorSchema(checked?: Valid): string {
  const text = readFileSync(join(packageFolder, 'schema.json'), 'utf8');
  if (checked === undefined) return text;
  const names = projectNames(checked.project, environmentsOf(checked), connectorsOf(checked));
  return `${JSON.stringify(projectSchema(JSON.parse(text), names), null, 2)}\n`;
}

/**
 * Puts it where the modelines of a project look for it (`.etl/schema.json`), so that the editor knows the same keys as the
 * engine.
 */
export function writeEditorSchema(folder: string, checked?: Valid): void {
  mkdirSync(join(folder, '.etl'), { recursive: true });
  writeFileSync(join(folder, '.etl', 'schema.json'), editorSchema(checked));
}

/** The same as a courtesy: a folder that cannot be written is no reason to fail. */
export function refreshEditorSchema(checked: Valid): void {
  try {
    writeEditorSchema(checked.project.folder, checked);
  } catch (error) {
    if (systemDiagnostic(error) === undefined) throw error;
  }
}

function environmentsOf({ files }: Valid): readonly string[] {
  const value = files.documents.find(({ file }) => file === 'etl.yml')?.value;
  const { environments } = (value ?? {}) as { readonly environments?: object };
  return Object.keys(environments ?? {});
}

const connectorsOf = ({ files: { connectors, documents } }: Valid): readonly string[] => {
  const own = documents.filter(
    ({ value }) => (value as { readonly kind?: unknown } | null)?.kind === 'connector',
  );
  return [
    ...sourceKinds,
    ...connectors.packaged,
    ...own.map(({ file }) => `./${file.slice(0, file.lastIndexOf('/'))}`),
  ];
};
