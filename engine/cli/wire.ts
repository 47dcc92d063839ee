import { resolve } from 'node:path';
import type { RunServices } from '../engine.ts';
import type { Plan } from '../model/plan.ts';
import type { Artifacts, Clock, Memory, Metrics, Progress, Waiting } from '../model/ports.ts';
import type { Project } from '../model/project.ts';
import { systemClock } from '../services/clock.ts';
import { environmentReferences } from '../services/references.ts';
import { routedHttpClient } from '../services/routed-http-client.ts';
import { connectors } from './connectors.ts';
import { endpoints } from './endpoints.ts';
import { openLimiter } from './open-limiter.ts';
import { referencesOf } from './references-of.ts';
import { reuse } from './reuse.ts';
import type { Databases } from './state.ts';

/** Worker threads that map pages. More than two were not measured to help on small machines. */
const workersMax = 2;

export interface Wiring extends Omit<SharedWiring, 'memory' | 'redis'> {
  readonly plan: Plan;
  readonly databases: Databases;
  readonly runId: string;
  readonly artifacts: Artifacts;
  /** Given who waits for a permit. */
  readonly progress: (waiting: () => readonly Waiting[]) => Progress;
  readonly signal: AbortSignal;
  readonly applies?: NonNullable<RunServices['applies']>;
  readonly allowances?: NonNullable<RunServices['allowances']>;
}

/** What runs that follow each other in one process may share: budgets above all. */
export interface SharedWiring {
  readonly project: Project;
  readonly redis: Plan['redis'];
  readonly memory: Memory;
  readonly metrics: Metrics;
  /** URL of the lab, when sources are read there. */
  readonly lab?: string;
  readonly clock?: Clock;
}

type Shared = 'references' | 'clock' | 'http' | 'limiter' | 'cache' | 'ownCache' | 'locks' | 'connectors';
type Endpoints = 'baseUrl' | 'tokenUrl' | 'signingKey';

export type SharedServices = Pick<RunServices, Shared | Endpoints | 'random' | 'metrics'>;

export async function wireShared({
  project,
  redis,
  memory,
  metrics,
  lab,
  clock = systemClock,
}: SharedWiring): Promise<SharedServices> {
  const { undiciHttpClient } = await import('../services/undici-http-client.ts');
  const { RemoteFiles } = await import('../services/files/remote-files.ts');
  const http = undiciHttpClient();
  const environment = environmentReferences(project.folder, process.env);
  const references = lab === undefined ? environment : referencesOf(project.folder, true);
  const limiter = await openLimiter({ redis, memory, references: environment, metrics, clock });
  return {
    ...{ references, clock, limiter, metrics },
    http: routedHttpClient(http, await elsewhere(project.folder), new RemoteFiles(http.download)),
    ...(await reuse(redis, environment.resolve)),
    connectors,
    random: Math.random,
    ...endpoints(references, lab),
  };
}

/** Who answers what is asked of files and databases. */
async function elsewhere(folder: string): Promise<Parameters<typeof routedHttpClient>[1]> {
  const { LocalFiles } = await import('../services/files/local-files.ts');
  const { lazyTables } = await import('../services/tables/lazy-tables.ts');
  const postgres = lazyTables('postgres');
  const mysql = lazyTables('mysql');
  return {
    'file:': new LocalFiles(folder),
    ...{ 'postgres:': postgres, 'postgresql:': postgres, 'mysql:': mysql, 'mariadb:': mysql },
  };
}

/** What one run has for itself, beside what is shared. */
export const wireRun = (
  shared: SharedServices,
  {
    project,
    databases,
    progress,
    ...given
  }: Omit<Wiring, keyof SharedWiring> & { readonly project: Project },
): RunServices => ({
  ...shared,
  ...given,
  ...databases,
  progress: progress(() => shared.limiter.waiting()),
  folder: resolve(project.folder, '.etl', 'load', given.runId),
  workers: workersMax,
});

/** Every adapter that a run uses, in one place. */
export async function wire({ lab, metrics, clock, ...run }: Wiring): Promise<RunServices> {
  const { project, databases, plan } = run;
  const [{ memory }, { redis }] = [databases, plan];
  const time = clock === undefined ? {} : { clock };
  const place = lab === undefined ? {} : { lab };
  return wireRun(await wireShared({ project, redis, memory, metrics, ...time, ...place }), run);
}

/** Ends what the services of a run keep open. */
export async function closeServices({
  limiter,
  http,
  cache,
  locks,
}: Pick<RunServices, 'limiter' | 'http' | 'cache' | 'locks'>): Promise<void> {
  await limiter.close();
  await Promise.all([http.close(), cache.close(), locks.close()]);
}
