import { type Checked, check, recheck } from '../engine.ts';
import { hasErrors } from '../model/diagnostic.ts';
import type { Plan } from '../model/plan.ts';
import type { References } from '../model/ports.ts';
import type { Project, ProjectFiles } from '../model/project.ts';
import type { MappingEdit, ReplayProgram, ReplaySide } from '../model/replay.ts';
import { mappingEdits, withMappingsOf } from '../operations/replay/edits.ts';
import { inLab } from './in-lab.ts';
import { packageFolder } from './package.ts';
import { declared } from './planned.ts';

type Valid = Checked & { readonly project: Project };

/** What is replayed: the project as it is, as it was, and as it was with the mappings that it has now. */
export interface Sides {
  readonly edits: readonly MappingEdit[];
  readonly programs: readonly ReplayProgram[];
  /** Of the sides that there are. */
  readonly projects: { readonly [side in ReplaySide]?: Project };
  /** Why there is no base: it is not valid. Absent where the project was not there yet. */
  readonly invalidBase?: Checked['diagnostics'];
}

/** Files with what mappings use of others: a generated property is one of its mapping. */
const wholeFiles = ({ files, documents }: Checked): ProjectFiles => ({ ...files, documents });

const noFiles = (files: ProjectFiles): ProjectFiles => ({ ...files, documents: [] });

/** `folder`: the files of the base. @throws RefusedError (exit 3) when the head has no plan */
export async function sidesOf(
  head: Valid,
  folder: string,
  { isLab, references }: { readonly isLab: boolean; readonly references: References },
): Promise<Sides> {
  const { environment } = head.project;
  const base = await check(folder, packageFolder, environment);
  const isNew = base.diagnostics.some(({ code }) => code === 'ETL0001');
  const edits = mappingEdits(isNew ? noFiles(head.files) : wholeFiles(base), wholeFiles(head));
  const side = (name: ReplaySide, checked: Valid): ReplayProgram & { readonly project: Project } => {
    const project = isLab ? inLab(checked.project) : checked.project;
    return { side: name, project, plan: declared(checked, project).plan, references };
  };
  const now = side('head', head);
  if (!isValid(base)) {
    return {
      edits,
      programs: [now],
      projects: { head: now.project },
      ...(!isNew && { invalidBase: base.diagnostics }),
    };
  }
  const then = side('base', base);
  const own = recheck(withMappingsOf(wholeFiles(head), wholeFiles(base)), environment);
  const between = isValid(own) ? side('own', own) : undefined;
  // Where nothing is inherited otherwise, it is the head.
  const differs = between !== undefined && !isSame(between.plan, now.plan);
  const programs = [then, ...(differs ? [between] : []), now];
  return {
    edits,
    programs,
    projects: Object.fromEntries(programs.map(({ side: name, project }) => [name, project])),
  };
}

const isValid = (checked: Checked): checked is Valid =>
  checked.project !== undefined && !hasErrors(checked.diagnostics);

/** Whether both plans make the same rows of the same pages. */
const isSame = (one: Plan, other: Plan): boolean =>
  one.piiKey === other.piiKey && JSON.stringify(decisive(one)) === JSON.stringify(decisive(other));

const decisive = ({ mappings, steps }: Plan): unknown => [
  Object.values(mappings).map(({ name, hash, overrides }) => [name, hash, overrides]),
  steps.flatMap((step) => (step.kind === 'extract' ? [[step.stream.records, step.stream.privacy]] : [])),
];
