import { appendFileSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Artifacts } from '../model/ports.ts';

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
