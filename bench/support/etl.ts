import { join } from 'node:path';
import type { RunReport } from '../../engine/model/run-report.ts';
import { type Measured, measured } from './measured.ts';
import { packageFolder } from './package-folder.ts';

/** The command, as a user has it. */
export const etl = join(packageFolder, 'bin/etl.js');

/** The folder in which the lab's environment keeps its databases. */
export const labFolder = (project: string): string => join(project, '.etl/lab');

export interface EtlRun extends Measured {
  readonly report: RunReport;
}

/** `etl run` of a project against a lab that serves already. */
export const runEtl = (project: string, labUrl: string): Promise<EtlRun> =>
  etlRun(project, ['--lab-url', labUrl]);

/** `etl run` of a project, with `env` added to the environment. */
export async function etlRun(
  project: string,
  options: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<EtlRun> {
  const run = await measured(etl, ['run', '--project', project, ...options, '--json'], env);
  const { result } = JSON.parse(run.stdout) as { result: RunReport };
  return { ...run, report: result };
}
