import { resolve } from 'node:path';
import { httpConnector } from '../../connectors/http/http.ts';
import type { RunServices } from '../engine.ts';
import { labText } from '../lab/lab.ts';
import type { Artifacts, Progress } from '../model/ports.ts';
import type { Project } from '../model/project.ts';
import { systemClock } from '../services/clock.ts';
import { inProcessLimiter } from '../services/limiter/in-process-limiter.ts';
import { memoryLocks } from '../services/locks/memory-locks.ts';
import { environmentReferences } from '../services/references.ts';
import { endpoints } from './endpoints.ts';
import type { Databases } from './state.ts';

/** Worker threads that map pages. More than two were not measured to help on small machines. */
const workersMax = 2;

export interface Wiring {
  readonly project: Project;
  readonly databases: Databases;
  readonly runId: string;
  readonly artifacts: Artifacts;
  readonly progress: Progress;
  readonly signal: AbortSignal;
  /** URL of the lab, when sources are read there. */
  readonly lab?: string;
}

/** Every adapter that a run uses, in one place. */
export async function wire({ project, databases, lab, ...given }: Wiring): Promise<RunServices> {
  const { undiciHttpClient } = await import('../services/undici-http-client.ts');
  const references =
    lab === undefined
      ? environmentReferences(project.folder, process.env)
      : { resolve: labText, redact: (text: string) => text, hide: () => {} };
  return {
    ...given,
    ...databases,
    references,
    clock: systemClock,
    http: undiciHttpClient(),
    limiter: inProcessLimiter({ clock: systemClock }),
    connectors: { http: httpConnector },
    random: Math.random,
    folder: resolve(project.folder, '.etl', 'load', given.runId),
    workers: workersMax,
    locks: memoryLocks(),
    ...endpoints(references, lab),
  };
}
