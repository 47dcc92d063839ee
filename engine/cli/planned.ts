import { type Checked, plan } from '../engine.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import { RefusedError } from '../model/errors.ts';
import type { Plan } from '../model/plan.ts';
import type { Project, SourceDocument } from '../model/project.ts';
import { inLab } from './in-lab.ts';
import { version } from './package.ts';
import { type Databases, databases, snapshot } from './state.ts';

export interface PlannedProject extends Databases {
  readonly project: Project;
  readonly plan: Plan;
  readonly documents: readonly SourceDocument[];
  readonly diagnostics: readonly Diagnostic[];
}

/** Compiles a valid project against what its databases hold. @throws RefusedError (exit 3) when it cannot be. */
export async function planned(
  checked: Checked & { readonly project: Project },
  lab: boolean,
): Promise<PlannedProject> {
  const project = lab ? inLab(checked.project) : checked.project;
  const opened = await databases(project);
  const compiled = plan(checked, project, version, await snapshot(project, opened));
  if (compiled.plan === undefined) throw new RefusedError('invalid', compiled.diagnostics);
  return {
    ...opened,
    project,
    plan: compiled.plan,
    documents: checked.files.documents,
    diagnostics: compiled.diagnostics,
  };
}
