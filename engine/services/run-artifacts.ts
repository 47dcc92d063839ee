import { appendFileSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Plan } from '../model/plan.ts';
import type { Artifacts } from '../model/ports.ts';
import type { RunReport, StepResult } from '../model/run-report.ts';
import type { KeptRun } from '../model/state-port.ts';

/**
 * Artifacts as files: `plan.json` first, a line in `steps.ndjson` as each step ends, `report.json` last. A report that is
 * there is whole.
 */
export function runArtifacts(folder: string): Artifacts {
  const whole = (name: string, value: unknown): void => {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, `${name}.part`), `${JSON.stringify(value, null, 2)}\n`);
    renameSync(join(folder, `${name}.part`), join(folder, name));
  };
  return {
    plan: (plan) => whole('plan.json', plan),
    step: (result) => {
      mkdirSync(folder, { recursive: true });
      appendFileSync(join(folder, 'steps.ndjson'), `${JSON.stringify(result)}\n`);
    },
    report: (report) => whole('report.json', report),
  };
}

/** A run as its files in `.etl/runs/` have it; undefined when there are none. */
export function keptRun(project: string, run: string): KeptRun | undefined {
  const file = (name: string): string => join(project, '.etl', 'runs', run, name);
  if (!/^[\w-]+$/.test(run) || !existsSync(file('plan.json'))) return undefined;
  const read = (name: string): string => (existsSync(file(name)) ? readFileSync(file(name), 'utf8') : '');
  const report = read('report.json');
  // The last line of a run that was killed may be cut short.
  const lines = read('steps.ndjson').split('\n').slice(0, -1);
  const steps = lines.map((line) => JSON.parse(line) as StepResult);
  return {
    run,
    status: report === '' ? 'running' : (JSON.parse(report) as RunReport).status,
    plan: JSON.parse(read('plan.json')) as Plan,
    steps: new Map(steps.map(({ step, status }) => [step, status])),
  };
}
