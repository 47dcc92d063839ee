import { join } from 'node:path';
import { list, planAudit } from '../engine.ts';
import { streamName } from '../model/accounts.ts';
import type { AuditPlan, SourceAuditReport } from '../model/audit.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import { ExplainedError, RefusedError } from '../model/errors.ts';
import { pacedLimiter } from '../model/paced-limiter.ts';
import type { StreamPlan } from '../model/plan.ts';
import { accountedPercent, worst } from '../operations/audit/accounted.ts';
import { relisted } from '../operations/audit/relisted.ts';
import { scopeIn } from '../operations/audit/scope.ts';
import { auditSource, type StreamAudited } from '../operations/audit/source.ts';
import { auditExitCode } from '../report/exit-code.ts';
import { sourceAuditText } from '../report/source-audit-text.ts';
import { systemClock } from '../services/clock.ts';
import { noMetrics } from '../services/metrics/no-metrics.ts';
import type { Outcome } from './base-command.ts';
import { startLabProcess } from './in-lab.ts';
import { missingReferences } from './missing-references.ts';
import type { PlannedProject } from './planned.ts';
import { silentProgress } from './progress.ts';
import { runIdentity } from './run-identity.ts';
import { type Interruption, interruption, stoppedCode } from './signals.ts';
import { closeServices, wire } from './wire.ts';

export interface SourceAuditFlags {
  readonly lab: boolean;
  readonly labUrl?: string;
  readonly env?: string | undefined;
  /** Share of every limit, up to 1. */
  readonly share?: number;
  /** Where the listing begins, as somebody writes it. */
  readonly from?: string;
}

/** Reads streams again and compares them with the warehouse. */
export async function sourceAudit(
  work: PlannedProject,
  streams: readonly StreamPlan[],
  flags: SourceAuditFlags,
): Promise<Outcome> {
  const lab = flags.lab ? await startLabProcess(work.project.folder, flags.env) : undefined;
  const stop = interruption('stopping');
  try {
    return await audited(work, streams, { ...flags, ...(lab && { labUrl: lab.url }) }, stop);
  } catch (error) {
    if (stop.received() === undefined) throw error;
    return { exitCode: stoppedCode(stop.received()), result: null, diagnostics: [], text: '' };
  } finally {
    stop.stop();
    await lab?.close();
  }
}

async function audited(
  work: PlannedProject,
  streams: readonly StreamPlan[],
  flags: SourceAuditFlags,
  { signal }: Interruption,
): Promise<Outcome> {
  const audit = planAudit(work.project, work.plan);
  const services = await wire({
    project: work.project,
    plan: work.plan,
    databases: work,
    runId: runIdentity(new Date()),
    artifacts: { plan: () => {}, step: () => {}, report: () => {} },
    progress: () => silentProgress,
    metrics: noMetrics,
    signal,
    ...(flags.labUrl !== undefined && { lab: flags.labUrl }),
  });
  try {
    const missing = missingReferences(work.plan, services.references, work.documents, streams);
    if (missing.length > 0) throw new RefusedError('invalid', missing);
    const limiter = pacedLimiter(services.limiter, flags.share ?? audit.share, systemClock);
    const folder = join(services.folder, 'source');
    const one = async (stream: StreamPlan): Promise<StreamAudited> => {
      const again = relisted(work.plan, mappingsOf(work, stream), stream, beginning(stream, flags.from));
      const pages = list(again.plan, again.step, { ...services, limiter });
      return auditSource(again, pages, work.plan, audit, { ...services, folder });
    };
    return outcome(work, audit, await eachAudited(streams, one, signal));
  } finally {
    await closeServices(services);
  }
}

/** One account that cannot be read keeps nobody from comparing the others. @throws what is wrong where nothing could be read */
async function eachAudited(
  streams: readonly StreamPlan[],
  one: (stream: StreamPlan) => Promise<StreamAudited>,
  signal: AbortSignal,
): Promise<Audited> {
  const done: StreamAudited[] = [];
  const failures: ExplainedError[] = [];
  for (const stream of streams) {
    try {
      done.push(await one(stream));
    } catch (error) {
      if (!(error instanceof ExplainedError) || signal.aborted) throw error;
      failures.push(error);
    }
  }
  const [first] = failures;
  if (first !== undefined && done.length === 0) throw first;
  return { done, failed: failures.map(({ diagnostic }) => diagnostic) };
}

interface Audited {
  readonly done: readonly StreamAudited[];
  /** Why others could not be read. */
  readonly failed: readonly Diagnostic[];
}

const mappingsOf = ({ plan }: PlannedProject, stream: StreamPlan): readonly string[] =>
  Object.values(plan.mappings)
    .filter((mapping) => mapping.stream === streamName(stream))
    .map((mapping) => mapping.name);

const beginning = (stream: StreamPlan, from: string | undefined): string | undefined =>
  from === undefined ? undefined : scopeIn(stream, { window: `${from}..` }).from;

function outcome(
  { plan, diagnostics }: PlannedProject,
  audit: AuditPlan,
  { done, failed }: Audited,
): Outcome {
  const streams = done.map((one) => one.audit);
  const mappings = streams.flatMap((stream) => stream.mappings);
  const sum = (of: (keys: (typeof mappings)[number]['keys']) => number): number =>
    mappings.reduce((total, { keys }) => total + of(keys), 0);
  const all = sum(({ expected, surplus, doubled }) => expected + surplus + doubled);
  const wrong = sum(
    ({ missing, stale, changed, surplus, doubled }) => missing + stale + changed + surplus + doubled,
  );
  const report: SourceAuditReport = {
    environment: plan.environment,
    threshold: audit.threshold,
    status: worst([...mappings.map(({ status }) => status), ...failed.map(() => 'inconclusive' as const)]),
    accounted_percent: accountedPercent(all, wrong),
    streams,
    diagnostics: [...failed, ...done.flatMap((one) => one.diagnostics)],
  };
  const { diagnostics: found, ...result } = report;
  return {
    exitCode: auditExitCode(report.status),
    result,
    diagnostics: [...diagnostics, ...found],
    text: sourceAuditText(report),
    explained: true,
  };
}
