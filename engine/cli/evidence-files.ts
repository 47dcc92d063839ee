import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Checked, isWholeEvidence, planStructures, provenBy } from '../engine.ts';
import { complaint, RefusedError } from '../model/errors.ts';
import type { EvidenceFile, ParityEvidence, ParityGate } from '../model/evidence.ts';
import type { ParityReport } from '../model/parity.ts';
import type { Plan } from '../model/plan.ts';
import type { Project } from '../model/project.ts';
import { parseDuration } from '../model/units.ts';
import { declared } from './planned.ts';

/** Where the last comparison of a pair is kept, for plans that are made here. */
const recordPath = (folder: string, environment: string, against: string): string =>
  join(folder, '.etl', 'parity', `${environment}-${against}.json`);

/** Keeps a comparison of all mappings as the newest of its pair. */
export function keepEvidence(folder: string, report: ParityReport, plan: Plan): void {
  const path = recordPath(folder, report.environment, report.against);
  mkdirSync(dirname(path), { recursive: true });
  writeEvidence(path, report, plan);
}

/** The report with what it proves of the mappings of a plan, under a hash by which others can name it. */
export function writeEvidence(path: string, report: ParityReport, plan: Plan): void {
  const evidence = provenBy(report, plan);
  const file: EvidenceFile<ParityReport> = { format: 1, hash: evidence.hash, evidence, report };
  // Whoever reads it sees the old text or the new one.
  writeFileSync(`${path}.new`, `${JSON.stringify(file, null, 2)}\n`);
  renameSync(`${path}.new`, path);
}

/** What a project requires in its environment, and what is known of it here; `named`: the file of the evidence. */
export function parityGate(
  checked: Checked & { readonly project: Project },
  named: string | undefined,
): ParityGate | undefined {
  const { project } = checked;
  const parity = project.requires?.parity;
  if (parity === undefined) return undefined;
  const { from, against = 'warehouse', maxAge = '24h' } = parity;
  const newest = evidenceIn(named ?? recordPath(project.folder, from, against), named !== undefined);
  return {
    required: { from, against, maxAgeMs: parseDuration(maxAge) },
    environment: project.environment,
    structures: planStructures(declared(checked).plan),
    ...(newest && { newest }),
  };
}

/** @throws RefusedError (exit 4) when it is not as `etl parity` has written it */
function evidenceIn(path: string, mustExist: boolean): ParityEvidence | undefined {
  if (!existsSync(path)) {
    if (!mustExist) return undefined;
    throw new RefusedError('refused', [
      complaint('ETL0360', `there is no parity evidence in ${path}`, '`etl parity --out FILE` writes it.'),
    ]);
  }
  const found = parsed(path);
  if (found?.format === 1 && isWholeEvidence(found.evidence)) return found.evidence;
  throw new RefusedError('refused', [
    complaint(
      'ETL0364',
      `the parity evidence in ${path} is not as it was written`,
      'Its hash is not that of what it holds: it was edited, or cut short. Compare again with `etl parity`.',
    ),
  ]);
}

function parsed(path: string): EvidenceFile<unknown> | undefined {
  try {
    const value = JSON.parse(readFileSync(path, 'utf8')) as Partial<EvidenceFile<unknown>> | null;
    return value?.evidence === undefined ? undefined : (value as EvidenceFile<unknown>);
  } catch {
    return undefined;
  }
}
