import { resolve } from 'node:path';
import { httpConnector } from '../../connectors/http/http.ts';
import type { RunServices } from '../engine.ts';
import type { Plan } from '../model/plan.ts';
import type { Artifacts, Metrics, Progress, Waiting } from '../model/ports.ts';
import type { Project } from '../model/project.ts';
import { systemClock } from '../services/clock.ts';
import { environmentReferences } from '../services/references.ts';
import { endpoints } from './endpoints.ts';
import { openLimiter } from './open-limiter.ts';
import { referencesOf } from './references-of.ts';
import { reuse } from './reuse.ts';
import type { Databases } from './state.ts';

/** Worker threads that map pages. More than two were not measured to help on small machines. */
const workersMax = 2;

export interface Wiring {
  readonly project: Project;
  readonly plan: Plan;
  readonly databases: Databases;
  readonly runId: string;
  readonly artifacts: Artifacts;
  /** Given who waits for a permit. */
  readonly progress: (waiting: () => readonly Waiting[]) => Progress;
  readonly metrics: Metrics;
  readonly signal: AbortSignal;
  readonly applies?: NonNullable<RunServices['applies']>;
  readonly allowances?: NonNullable<RunServices['allowances']>;
  /** URL of the lab, when sources are read there. */
  readonly lab?: string;
}

/** Every adapter that a run uses, in one place. */
export async function wire({
  project,
  plan,
  databases,
  lab,
  progress,
  ...given
}: Wiring): Promise<RunServices> {
  const { undiciHttpClient } = await import('../services/undici-http-client.ts');
  const environment = environmentReferences(project.folder, process.env);
  const references = lab === undefined ? environment : referencesOf(project.folder, true);
  const { metrics } = given;
  const { redis } = plan;
  const limiter = await openLimiter({ redis, memory: databases.memory, references: environment, metrics });
  return {
    ...given,
    ...databases,
    references,
    progress: progress(() => limiter.waiting()),
    clock: systemClock,
    http: undiciHttpClient(),
    limiter,
    ...(await reuse(redis, environment.resolve)),
    connectors: { http: httpConnector },
    random: Math.random,
    folder: resolve(project.folder, '.etl', 'load', given.runId),
    workers: workersMax,
    ...endpoints(references, lab),
  };
}

/** Ends what the services of a run keep open. */
export async function closeServices({ limiter, http, cache, locks }: RunServices): Promise<void> {
  await limiter.close();
  await Promise.all([http.close(), cache.close(), locks.close()]);
}
