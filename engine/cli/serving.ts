import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { housekeep, run } from '../engine.ts';
import { atAccount } from '../model/accounts.ts';
import type { AlertEvent } from '../model/alert.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import { ExplainedError, TransientError } from '../model/errors.ts';
import type { StreamFreshness } from '../model/freshness.ts';
import { heldBy, lostLock } from '../model/locks.ts';
import type { Plan } from '../model/plan.ts';
import type { Clock } from '../model/ports.ts';
import type { RunReport } from '../model/run-report.ts';
import type { ServeReport } from '../model/serve-report.ts';
import { streamsOf } from '../model/stream-refs.ts';
import { sendAlerts } from '../operations/alerts/alerts.ts';
import { freshnessOf } from '../operations/freshness.ts';
import { Agenda, type Appointment } from '../operations/serve/agenda.ts';
import { type Ended, serve } from '../operations/serve/serve.ts';
import { Tally } from '../operations/serve/tally.ts';
import { runArtifacts } from '../services/run-artifacts.ts';
import { allowancesOf } from './allowances.ts';
import { type AppliedStructure, type Standing, servedPart } from './applied-structure.ts';
import { withFieldPlaces } from './field-places.ts';
import { keptMemory } from './kept-memory.ts';
import { measured } from './measured.ts';
import { silentProgress } from './progress.ts';
import { runIdentity } from './run-identity.ts';
import type { ServeLog } from './serve-log.ts';
import { besides, type Databases } from './state.ts';
import { type SharedServices, wireRun } from './wire.ts';

/** Name of the lock of who serves an environment. */
export const serveLock = 'serve';
/** Folders in `.etl/runs/` that one process leaves. */
const foldersMax = 1000;
const housekeepingMs = 60 * 60_000;
/** What grows old while nothing happens. */
const watched: ReadonlySet<AlertEvent> = new Set(['freshness', 'blocker_age', 'heartbeat']);

export interface ServingParts {
  readonly structure: Pick<AppliedStructure, 'look' | 'forget'>;
  /** Of the server itself: each run has its own beside them, since they hold its locks. */
  readonly databases: Databases;
  readonly shared: SharedServices;
  readonly signal: AbortSignal;
  readonly log: Pick<ServeLog, 'serving' | 'held' | 'ended' | 'found'>;
  readonly random: () => number;
  /** Stops serving. */
  readonly stop: (why: unknown) => void;
}

/** `etl serve` while it goes on: what the scheduler asks for, done with the services of a run. */
export class Serving {
  readonly #parts: ServingParts;
  readonly #agenda = new Agenda();
  readonly #tally = new Tally();
  readonly #memory: ReturnType<typeof keptMemory>;
  readonly #clock: Clock;
  readonly #startedMs: number;
  readonly #folders: string[] = [];
  #standing: Standing;
  #housekeptMs: number;
  #telling: Promise<unknown> = Promise.resolve();

  constructor(parts: ServingParts, standing: Standing) {
    this.#parts = parts;
    this.#standing = standing;
    this.#memory = keptMemory(parts.databases.memory);
    this.#clock = parts.shared.clock;
    this.#startedMs = this.#clock.now();
    this.#housekeptMs = this.#startedMs;
  }

  /** Serves until the signal. */
  async serve(): Promise<ServeReport> {
    const { signal, log } = this.#parts;
    await this.#adopt(this.#standing);
    log.serving(this.#plan.schedules ?? [], (stream) => this.#agenda.nextMs(stream));
    for (const [stream, reasons] of this.#standing.held) log.held(stream, reasons);
    await serve({
      ...{ clock: this.#clock, agenda: this.#agenda, signal },
      perform: (streams) => this.#perform(streams),
      handled: (stream, momentMs) => this.#memory.remember(momentName(stream), String(momentMs)),
      ended: (ended) => this.#ended(ended),
      watch: () => this.#watch(),
    });
    return this.#report();
  }

  get #plan(): Plan {
    return this.#standing.work.plan;
  }

  /** Takes over a project that was applied meanwhile, with its schedules. */
  async #adopt(standing: Standing): Promise<void> {
    this.#standing = standing;
    const appointments: Appointment[] = [];
    // Accounts of a stream that are due together begin together: they are one run, and one load.
    const jitters = new Map<string, number>();
    const nowMs = this.#clock.now();
    for (const { stream: full, account, when } of this.#plan.schedules ?? []) {
      if (when === undefined) continue;
      const stream = atAccount(full, account);
      const known = await this.#memory.recall(momentName(stream));
      // One that was never served has missed nothing.
      if (known === undefined) await this.#memory.remember(momentName(stream), String(nowMs));
      const mappings = Object.values(this.#plan.mappings).filter((one) => streamsOf(one).includes(full));
      appointments.push({
        ...{ stream, when, handledMs: Math.min(nowMs, Number(known ?? nowMs)) },
        mappings: mappings.map(({ name }) => name),
        jitter: jitters.get(full) ?? this.#parts.random(),
      });
      jitters.set(full, appointments.at(-1)?.jitter ?? 0);
    }
    this.#agenda.keep(appointments);
    this.#tally.keep(this.#agenda.streams);
  }

  async #perform(streams: readonly string[]): Promise<RunReport> {
    const { structure, shared, signal } = this.#parts;
    const standing = await structure.look();
    if (standing.work !== this.#standing.work) await this.#adopt(standing);
    const plan = servedPart(standing, streams);
    const { work } = standing;
    const own = await besides(work.project, this.#parts.databases);
    let isGood = false;
    try {
      const runId = runIdentity(new Date(this.#clock.now()));
      const allowances = await allowancesOf({ ...work, ...own, plan }, { shared });
      const services = wireRun(shared, {
        ...{ project: work.project, plan, databases: own, runId, signal, allowances },
        artifacts: runArtifacts(this.#folderOf(runId)),
        progress: () => silentProgress,
      });
      const { limiter, metrics } = services;
      const report = await (metrics === undefined
        ? run(plan, services)
        : measured({ plan, limiter, metrics }, () => run(plan, services)));
      isGood = report.status === 'succeeded';
      return { ...report, diagnostics: withFieldPlaces(report.diagnostics, work.documents) };
    } finally {
      if (!isGood) structure.forget();
      await Promise.all([own.staging.close(), own.warehouse.close()]);
    }
  }

  /** A run in each half minute would fill the disk some day: the oldest folders of this process go. */
  #folderOf(runId: string): string {
    const folder = join(this.#standing.work.project.folder, '.etl', 'runs', runId);
    this.#folders.push(folder);
    for (const old of this.#folders.splice(0, Math.max(0, this.#folders.length - foldersMax)))
      rmSync(old, { recursive: true, force: true });
    return folder;
  }

  async #ended(ended: Ended): Promise<void> {
    const { log, shared } = this.#parts;
    const { outcome } = ended;
    this.#tally.add(ended);
    log.ended(ended, (stream) => this.#agenda.nextMs(stream));
    const status = outcome.kind === 'report' ? outcome.report.status : outcome.kind;
    shared.metrics?.add('runs', 1, { status });
    if (outcome.kind === 'report') await this.#tell(outcome.report, () => true);
    if (outcome.kind === 'failure') await this.#tell(this.#reportOf(outcome.diagnostics), () => true);
    await this.#housekeep();
  }

  async #watch(): Promise<void> {
    try {
      await this.#renewLock();
      this.#measure(await this.#freshness());
    } catch (error) {
      // Staging is away: the runs say so.
      if (!(error instanceof ExplainedError)) throw error;
    }
    await this.#tell(this.#reportOf([]), (event) => watched.has(event));
  }

  /** @throws TransientError while staging is away */
  async #renewLock(): Promise<void> {
    const { locks } = this.#parts.databases.state;
    if ((await locks.renew()).has(serveLock)) return;
    const holder = await locks.take(lockWanted(this.#agenda.streams.length));
    if (holder === undefined) return;
    this.#parts.log.found([heldBy(holder, this.#clock.now())]);
    this.#parts.stop(new TransientError(lostLock(serveLock).diagnostic));
  }

  #freshness(): Promise<readonly StreamFreshness[]> {
    return freshnessOf(this.#plan, this.#parts.databases.state.runs, this.#clock.now());
  }

  #measure(found: readonly StreamFreshness[]): void {
    const { metrics } = this.#parts.shared;
    for (const { stream: full, account, ageMs, isLate } of found) {
      const stream = atAccount(full, account);
      if (ageMs !== undefined) metrics?.set('age_seconds', ageMs / 1000, { stream });
      metrics?.set('late', Number(isLate), { stream });
    }
  }

  /** One after another: two at once would both tell what is new. */
  #tell(report: RunReport, isWanted: (event: AlertEvent) => boolean): Promise<void> {
    const told = this.#telling.then(() => this.#send(report, isWanted));
    this.#telling = told.catch(() => {});
    return told;
  }

  async #send(report: RunReport, isWanted: (event: AlertEvent) => boolean): Promise<void> {
    const places = (this.#plan.alerts ?? []).map((place) => ({ ...place, on: place.on.filter(isWanted) }));
    const { shared, databases: own, log } = this.#parts;
    const unsent = await sendAlerts(
      places.filter(({ on }) => on.length > 0),
      report,
      {
        ...{ http: shared.http, clock: this.#clock, references: shared.references, limiter: shared.limiter },
        ...{ memory: this.#memory, blockers: own.staging.blockers, runs: own.state.runs, plan: this.#plan },
        health: this.#tally.health(),
        serving: { streams: this.#agenda.streams.length, troubles: this.#tally.troubles() },
      },
    );
    log.found(unsent);
  }

  /** Of what was no run, or broke off before it could report. */
  #reportOf(diagnostics: readonly Diagnostic[]): RunReport {
    const { project, environment, id } = this.#plan;
    const at = new Date(this.#clock.now()).toISOString();
    return {
      ...{ run: runIdentity(new Date(this.#clock.now())), plan: id, project, environment },
      ...{ startedAt: at, finishedAt: at, status: diagnostics.length > 0 ? 'failed' : 'interrupted' },
      ...{ streams: [], tables: [], checks: [], blocked: [], diagnostics, openBlockers: 0 },
    };
  }

  /** Runs of a part drop no kept pages: this does it for them. */
  async #housekeep(): Promise<void> {
    const nowMs = this.#clock.now();
    if (nowMs - this.#housekeptMs < housekeepingMs) return;
    this.#housekeptMs = nowMs;
    const { state } = this.#parts.databases;
    await housekeep(this.#plan, { state, signal: this.#parts.signal, clock: this.#clock });
  }

  async #report(): Promise<ServeReport> {
    const { project, environment, schedules = [] } = this.#plan;
    const freshness = await this.#freshness().catch((error: unknown) => {
      if (!(error instanceof ExplainedError)) throw error;
      return [];
    });
    return {
      ...{ project, environment },
      startedAt: new Date(this.#startedMs).toISOString(),
      finishedAt: new Date(this.#clock.now()).toISOString(),
      ...this.#tally.report(schedules, freshness),
    };
  }
}

/** Up to which moment a stream is dealt with, for the next process that serves it. */
const momentName = (stream: string): string => `serve:${stream}`;

export const lockWanted = (streams: number) => ({
  name: serveLock,
  run: `etl serve (${process.pid})`,
  what: `serving ${streams} ${streams === 1 ? 'stream' : 'streams'}`,
});
