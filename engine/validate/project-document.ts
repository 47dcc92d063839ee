import type { Diagnostic } from '../model/diagnostic.ts';
import type { ProjectFiles, SourceDocument } from '../model/project.ts';
import { objectAt } from './json.ts';
import { isKind } from './kinds.ts';
import { complain, valuePlace } from './places.ts';

const projectFile = 'etl.yml';

/** The project's own document, whatever its kind says; absent when it could not be read. */
export const projectDocument = ({ documents }: ProjectFiles): SourceDocument | undefined =>
  documents.find(({ file }) => file === projectFile);

const homes: ReadonlyMap<unknown, string> = new Map([
  ['parity', 'parity.yml'],
  ['properties', 'generated/'],
]);

/** Where files of a kind are: `sources/`, `parity.yml`. */
const folderOf = (kind: unknown): string => homes.get(kind) ?? `${String(kind).replace(/s?$/, 's')}/`;

/** There is one project file, and it is etl.yml. */
export function projectMistakes({ documents }: ProjectFiles): readonly Diagnostic[] {
  return documents.flatMap((document) => {
    const { kind } = objectAt(document.value);
    // A kind that is missing or unknown is what the schema complains about.
    if (!isKind(kind) || (document.file === projectFile) === (kind === 'project')) return [];
    const summary =
      kind === 'project' ? 'a second project file' : `${projectFile} must be the project file, not a ${kind}`;
    return complain('ETL0114', valuePlace(document, '/kind'), summary, {
      label: kind === 'project' ? `the project is ${projectFile}` : 'expected `project`',
      help: [
        kind === 'project'
          ? `Move what it says into ${projectFile}, or make it a project of its own in another folder.`
          : `Move this ${kind} into ${folderOf(kind)}, and write \`kind: project\` here.`,
      ],
    });
  });
}
