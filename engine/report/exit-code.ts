import type { AuditStatus } from '../model/audit.ts';
import type { ParityVerdict } from '../model/parity.ts';
import type { RunReport } from '../model/run-report.ts';

/** Every exit code, once. */
export const exitCodes = {
  ok: 0,
  failedSteps: 1,
  changes: 2,
  invalid: 3,
  refused: 4,
  mismatch: 5,
  inconclusive: 6,
  usage: 64,
  internal: 70,
  interrupted: 130,
  terminated: 143,
} as const;

/** The exit code of a run. */
export function runExitCode(report: RunReport, signal: NodeJS.Signals | undefined): number {
  if (report.status === 'interrupted')
    return signal === 'SIGTERM' ? exitCodes.terminated : exitCodes.interrupted;
  if (report.status !== 'failed') return exitCodes.ok;
  const errors = report.diagnostics.filter(({ severity }) => severity === 'error');
  return errors.length > 0 && errors.every(({ code }) => code === beyondPlan)
    ? exitCodes.refused
    : exitCodes.failedSteps;
}

/** A stream was stopped, since there was more of it than the plan allows. */
const beyondPlan = 'ETL0336';

/** The exit code of an audit. */
export const auditExitCode = (status: AuditStatus): number =>
  ({ accounted: exitCodes.ok, mismatch: exitCodes.mismatch, inconclusive: exitCodes.inconclusive })[status];

/** The exit code of a comparison. */
export const parityExitCode = (verdict: ParityVerdict): number =>
  ({
    match: exitCodes.ok,
    excluded: exitCodes.ok,
    mismatch: exitCodes.mismatch,
    inconclusive: exitCodes.inconclusive,
  })[verdict];
