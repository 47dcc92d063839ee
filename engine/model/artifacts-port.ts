import type { Plan } from './plan.ts';
import type { RunReport, StepResult } from './run-report.ts';

/** Keeps what a run leaves behind in `.etl/runs/<id>/`, so that it is there after a crash, too. */
export interface Artifacts {
  plan(plan: Plan): void;
  step(result: StepResult): void;
  report(report: RunReport): void;
}
