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
  return report.status === 'failed' ? exitCodes.failedSteps : exitCodes.ok;
}

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
