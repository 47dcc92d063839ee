import { resolve } from 'node:path';
import { erasers, erasing, stageRows, warehouseStatements } from '../engine.ts';
import { cacheGroup } from '../model/cache-port.ts';
import { complaint, RefusedError } from '../model/errors.ts';
import type { StreamEraser, WarehouseEraser } from '../model/forget.ts';
import type { Plan, StreamPlan } from '../model/plan.ts';
import type { Project } from '../model/project.ts';
import { parseSize } from '../model/units.ts';
import type { ForgetServices } from '../operations/forget.ts';
import { systemClock } from '../services/clock.ts';
import { environmentReferences } from '../services/references.ts';
import { runFiles } from '../services/run-files.ts';
import type { PlannedProject } from './planned.ts';
import { postgresOptions } from './postgres.ts';
import { reuse } from './reuse.ts';
import { runIdentity } from './run-identity.ts';
import { snowflakeOptions } from './snowflake.ts';
import { warehousePath } from './state.ts';

/** The streams of a plan. */
export const streamsOf = ({ steps }: Plan): readonly StreamPlan[] =>
  steps.flatMap((step) => (step.kind === 'extract' ? [step.stream] : []));

/** What finds somebody in all that is kept of each stream. @throws RefusedError (exit 3) when no stream names persons */
export function erasersOf(
  { plan, project, snapshot }: PlannedProject,
  subject: string,
): readonly StreamEraser[] {
  const references = environmentReferences(project.folder, process.env);
  const found = erasers(project, plan, snapshot, subject, {
    ...(plan.piiKey !== undefined && { piiKey: references.resolve(plan.piiKey) }),
    ...(plan.pageKey !== undefined && { pageKey: references.resolve(plan.pageKey) }),
  });
  if (found.length === 0) throw new RefusedError('invalid', [noSubject]);
  return found;
}

/** Opens what `etl forget` works with for as long as `use` lasts. */
export async function withForgetServices<T>(
  work: PlannedProject,
  subject: string,
  use: (services: ForgetServices) => Promise<T>,
): Promise<T> {
  const { plan, project, staging, forgetting } = work;
  const found = erasersOf(work, subject);
  const warehouse = await openEraser(project);
  const { resolve: resolved } = environmentReferences(project.folder, process.env);
  const { cache, locks } = await reuse(plan.redis, resolved);
  try {
    return await use({
      staging,
      forgetting,
      cache,
      cacheGroups: cacheGroups(plan, found),
      warehouse,
      files: runFiles(resolve(project.folder, '.etl')),
      erasers: found,
      stageRows: (mapping) => stageRows(plan, materialising(work), mapping),
      statement: erasing(project),
    });
  } finally {
    await Promise.all([cache.close(), locks.close(), warehouse.close()]);
  }
}

async function openEraser(project: Project): Promise<WarehouseEraser> {
  if (project.warehouse.type === 'postgres') {
    const { postgresEraser } = await import('../services/postgres-warehouse/postgres-eraser.ts');
    return postgresEraser(postgresOptions(project));
  }
  if (project.warehouse.type === 'snowflake') {
    const { snowflakeEraser } = await import('../services/snowflake-warehouse/snowflake-eraser.ts');
    return snowflakeEraser(snowflakeOptions(project));
  }
  const { duckdbEraser } = await import('../services/duckdb/duckdb-eraser.ts');
  return duckdbEraser({
    path: warehousePath(project),
    memoryBytes: parseSize(project.warehouse.memory ?? '256MiB'),
    statements: warehouseStatements(project),
  });
}

/** What stages rows that were left out. */
const materialising = ({
  project,
  staging,
  forgetting,
}: PlannedProject): Parameters<typeof stageRows>[1] => ({
  staging,
  forgetting,
  references: environmentReferences(project.folder, process.env),
  clock: systemClock,
  runId: runIdentity(new Date()),
  signal: new AbortController().signal,
});

/** All groups of the sources that have something to say of persons. */
function cacheGroups(plan: Plan, found: readonly StreamEraser[]): readonly string[] {
  const scope = [plan.project, plan.environment];
  const sources = new Set(found.map(({ stream }) => stream.source));
  const groups = [...streamsOf(plan), ...found.map(({ stream }) => stream)]
    .filter(({ source }) => sources.has(source))
    .flatMap(({ source, account, name, lookups }) =>
      [`pages:${name}`, ...lookups.map((lookup) => `lookup:${lookup.name}`)].map((kind) =>
        cacheGroup(scope, source, account, kind),
      ),
    );
  return [...new Set(groups)];
}

const noSubject = complaint(
  'ETL0961',
  'no stream of the project says whom its records are about',
  'A person is found by a path of the records, such as `subject: customer.id` in a stream of `sources/*.yml`.',
  'Add it to every stream whose records are about persons, and give the command again.',
);
