import type { CheckPlan, MappingPlan } from '../../model/plan.ts';
import type { Staging } from '../../model/ports.ts';
import type { CheckReport } from '../../model/run-report.ts';

/** Checks the rows of a mapping that are staged and not loaded, all checks even when one fails. */
export async function check(
  mapping: MappingPlan,
  checks: readonly CheckPlan[],
  staging: Staging,
  nowMs: number,
): Promise<readonly CheckReport[]> {
  const reports: CheckReport[] = [];
  for (const one of checks) {
    const { passed, found } = await staging.check(mapping, one, nowMs);
    reports.push({ mapping: mapping.name, check: one.id, severity: one.severity, passed, found });
  }
  return reports;
}
