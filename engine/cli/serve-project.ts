import type { Checked } from '../engine.ts';
import { atAccount } from '../model/accounts.ts';
import { complaint, RefusedError } from '../model/errors.ts';
import { heldBy } from '../model/locks.ts';
import type { Clock } from '../model/ports.ts';
import type { Project } from '../model/project.ts';
import type { ServeReport } from '../model/serve-report.ts';
import { AppliedStructure, type Standing } from './applied-structure.ts';
import { inLab } from './in-lab.ts';
import { metricsOf } from './metrics-of.ts';
import { missingReferences } from './missing-references.ts';
import { type PlannedProject, plannedIn } from './planned.ts';
import { referencesOf } from './references-of.ts';
import { ServeLog } from './serve-log.ts';
import { lockWanted, Serving, serveLock } from './serving.ts';
import { besides, type Databases, databases } from './state.ts';
import { closeServices, wireShared } from './wire.ts';

export interface ServeOptions {
  /** The project as its files have it now. */
  readonly read: () => Promise<Checked & { readonly project: Project }>;
  readonly isLab: boolean;
  /** Where the lab serves; only where the sources are read there. */
  readonly lab?: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly signal: AbortSignal;
  readonly write: (text: string) => void;
  readonly isQuiet: boolean;
  readonly colored: boolean;
}

/**
 * Serves a project until the signal. @throws RefusedError (exit 4) where its structure was not applied, or another process serves
 * it; (exit 3) where no stream has a schedule
 */
export async function serveProject(options: ServeOptions): Promise<ServeReport> {
  const { clock, isLab } = options;
  const checked = await options.read();
  const project = isLab ? inLab(checked.project) : checked.project;
  const own = await databases(project, clock);
  try {
    if (await own.staging.exists()) await own.staging.migrate();
    else throw neverRun(project);
    const structure = new AppliedStructure(own.state, () => readPlanned(options, own));
    const standing = await structure.look();
    requireServable(standing);
    return await serveLocked(options, structure, standing, own);
  } finally {
    await Promise.all([own.staging.close(), own.warehouse.close()]);
  }
}

async function readPlanned({ read, isLab }: ServeOptions, own: Databases): Promise<PlannedProject> {
  const checked = await read();
  const project = isLab ? inLab(checked.project) : checked.project;
  const beside = await besides(project, own);
  try {
    return await plannedIn(checked, project, beside);
  } finally {
    await beside.warehouse.close();
  }
}

async function serveLocked(
  options: ServeOptions,
  structure: AppliedStructure,
  standing: Standing,
  own: Databases,
): Promise<ServeReport> {
  const { clock, random, write, isQuiet, colored, lab } = options;
  const { project, plan } = standing.work;
  const { locks } = own.state;
  const holder = await locks.take(lockWanted(scheduled(standing).length));
  if (holder !== undefined) throw new RefusedError('refused', [heldBy(holder, clock.now())]);
  const given = { project, redis: plan.redis, memory: own.memory, clock, ...(lab !== undefined && { lab }) };
  const stop = new AbortController();
  let shared: Awaited<ReturnType<typeof wireShared>> | undefined;
  try {
    const references = referencesOf(project.folder, lab !== undefined);
    const missing = missingReferences(plan, references, standing.work.documents);
    if (missing.length > 0) throw new RefusedError('invalid', missing);
    const metrics = await metricsOf(plan, 'serve', references);
    shared = await wireShared({ ...given, metrics });
    const signal = AbortSignal.any([options.signal, stop.signal]);
    const log = new ServeLog({ write, clock, isQuiet, colored });
    const parts = {
      structure,
      databases: own,
      shared,
      signal,
      log,
      random,
      stop: (why: unknown) => stop.abort(why),
    };
    const report = await new Serving(parts, standing).serve();
    if (stop.signal.aborted) throw stop.signal.reason;
    return report;
  } finally {
    if (shared !== undefined) await closeServices(shared);
    await shared?.metrics?.close();
    await locks.release([serveLock]).catch(() => {});
  }
}

const scheduled = ({ work }: Standing): readonly string[] =>
  (work.plan.schedules ?? []).flatMap(({ stream, account, when }) =>
    when === undefined ? [] : [atAccount(stream, account)],
  );

function requireServable(standing: Standing): void {
  const { refused, held } = standing;
  const streams = scheduled(standing);
  if (refused.length > 0) throw new RefusedError('refused', refused);
  if (streams.length === 0) throw new RefusedError('invalid', [unscheduled(standing.work.project)]);
  if (streams.some((stream) => !held.has(stream))) return;
  const reasons = streams.flatMap((stream) => held.get(stream) ?? []);
  const unique = new Map(reasons.map((reason) => [reason.summary, reason]));
  throw new RefusedError('refused', [...unique.values()]);
}

const unscheduled = ({ name }: Project) =>
  complaint(
    'ETL0334',
    `no stream of ${name} that a mapping reads has a schedule`,
    'Write `schedule: every 15m` to a stream, or `defaults: {stream: {schedule: every 15m}}` in etl.yml.',
  );

const neverRun = ({ environment }: Project): RefusedError =>
  new RefusedError('refused', [
    complaint(
      'ETL0333',
      `no plan was applied in the environment ${environment} yet`,
      '`etl serve` runs under the structure that was applied last. `etl plan` shows what a first run does, and `etl run` applies it.',
    ),
  ]);
