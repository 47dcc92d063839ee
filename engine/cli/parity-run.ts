import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Checked, planParity } from '../engine.ts';
import { RefusedError } from '../model/errors.ts';
import type { ParityReport } from '../model/parity.ts';
import type { Project } from '../model/project.ts';
import { exclusionsOf, parityDiagnostics, verdictOf } from '../operations/parity/judge.ts';
import { compareTables } from '../operations/parity/parity.ts';
import { parityExitCode } from '../report/exit-code.ts';
import { parityText } from '../report/parity-text.ts';
import type { Outcome } from './base-command.ts';
import { keepEvidence, writeEvidence } from './evidence-files.ts';
import { inLab } from './in-lab.ts';
import { mappingsNamed } from './mapping-names.ts';
import { closeEnds, inEnvironment, type OpenEnd, openedAs, stagingEnd, warehouseEnd } from './parity-ends.ts';
import { acceptBaseline, readBaseline } from './parity-files.ts';
import { declared, type OpenedProject, planned } from './planned.ts';
import { runIdentity } from './run-identity.ts';
import { interruption, stoppedCode } from './signals.ts';
import { databases } from './state.ts';
import { whileNobodyLoads } from './while-nobody-loads.ts';

export interface ParityFlags {
  readonly json: boolean;
  readonly lab: boolean;
  readonly accept: boolean;
  readonly samples: number;
  readonly lagMs?: number;
  /** Absolute. */
  readonly baseline?: string;
  /** Absolute. */
  readonly out?: string;
}

type Valid = Checked & { readonly project: Project };

/** Two environments of one project. */
export async function againstEnvironment(
  checked: Valid,
  against: string,
  names: readonly string[],
  flags: ParityFlags,
): Promise<Outcome> {
  const other = await inEnvironment(checked.project.folder, against);
  const [plan, theirs] = [declared(checked).plan, declared(other).plan];
  const wanted = mappingsNamed(plan, names);
  const opened = [await databases(checked.project), await databases(other.project)] as const;
  const stop = interruption('stopping');
  try {
    const left = await warehouseEnd(plan, checked.project, opened[0].warehouse);
    const right = await warehouseEnd(theirs, other.project, opened[1].warehouse);
    const ends = { left, right, names: wanted, against };
    return await compared(checked, ends, flags, stop.signal);
  } catch (error) {
    if (stop.received() === undefined) throw error;
    return { exitCode: stoppedCode(stop.received()), result: null, diagnostics: [], text: '' };
  } finally {
    stop.stop();
    await closeEnds(opened);
  }
}

/** What is staged, and the warehouse of the same environment. */
export async function againstWarehouse(
  checked: Valid,
  names: readonly string[],
  flags: ParityFlags,
): Promise<Outcome> {
  const work = await fitting(checked, flags.lab);
  const wanted = mappingsNamed(work.plan, names);
  const folder = join(work.project.folder, '.etl', 'load', runIdentity(new Date()));
  try {
    return await whileNobodyLoads(work, flags.json, async (signal) => {
      await mkdir(folder, { recursive: true });
      const left = await stagingEnd(work, wanted, folder, flags.lab, signal);
      const right = await warehouseEnd(work.plan, work.project, work.warehouse);
      return compared(checked, { left, right, names: wanted, against: 'warehouse' }, flags, signal);
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
    await closeEnds([work]);
  }
}

/** As the tables are; where they do not fit the project, as it declares them: then the difference shows. */
async function fitting(checked: Valid, lab: boolean): Promise<OpenedProject> {
  try {
    return await planned(checked, lab);
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error;
    return openedAs(checked, lab ? inLab(checked.project) : checked.project);
  }
}

interface Ends {
  readonly left: OpenEnd;
  readonly right: OpenEnd;
  readonly names: readonly string[];
  readonly against: string;
}

async function compared(
  checked: Valid,
  { left, right, names, against }: Ends,
  { lagMs, samples, baseline: file, accept, out }: ParityFlags,
  signal: AbortSignal,
): Promise<Outcome> {
  const { project, diagnostics: said } = checked;
  const { environment } = left.end.project;
  const pair = { environment, against };
  const baseline = file === undefined ? undefined : readBaseline(file, pair, accept);
  const now = new Date();
  const exclusions = exclusionsOf(project.parity ?? [], now.getTime());
  const scope = {
    names,
    exclusions: exclusions.filter(({ isExpired }) => !isExpired),
    lagged: lagMs !== undefined,
  };
  const { tables, differences } = await compareTables(planParity(left.end, right.end, scope), {
    warehouses: { left: left.warehouse, right: right.warehouse },
    ...(lagMs !== undefined && { lagMs }),
    samplesMax: samples,
    ...(baseline && { baseline }),
    signal,
  });
  const expired = exclusions.filter(({ isExpired, mapping }) => isExpired && names.includes(mapping));
  const isAccepted = accept && file !== undefined;
  if (isAccepted) acceptBaseline(file, pair, tables, differences, baseline);
  const shown = isAccepted
    ? tables.map((one) => ({ ...one, known: one.known + one.fresh, fresh: 0 }))
    : tables;
  const report: ParityReport = {
    ...pair,
    verdict: verdictOf(shown, expired),
    plans: { left: left.plan.id, right: right.plan.id },
    at: now.toISOString(),
    tables: shown,
  };
  const { plan } = declared(checked);
  if (out !== undefined) writeEvidence(out, report, plan);
  if (names.length === Object.keys(plan.mappings).length) keepEvidence(project.folder, report, plan);
  return {
    exitCode: parityExitCode(report.verdict),
    result: report,
    diagnostics: [...said, ...parityDiagnostics(report, expired)],
    text: parityText(report),
    explained: true,
  };
}
