import { rm } from 'node:fs/promises';
import { accountStream, atAccount } from '../model/accounts.ts';
import type { ReceivedPage } from '../model/batch.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import { assert, ExplainedError, RefusedError } from '../model/errors.ts';
import { loadLock } from '../model/locks.ts';
import type { CheckStep, ExtractStep, LoadStep, Plan, RemapStep, Step } from '../model/plan.ts';
import type { Position, StagedPage } from '../model/ports.ts';
import { continued } from '../model/position.ts';
import type { RunReport } from '../model/run-report.ts';
import { check } from './check/check.ts';
import { checkedBaseUrl } from './extract/base-url.ts';
import type { Channels } from './extract/channels.ts';
import { type Extraction, type ExtractServices, extract } from './extract/extract.ts';
import { channelsOf } from './extract/tokens/channels-of.ts';
import { countReplies, tellStaged } from './figures.ts';
import { pagesDropped, pagesLeftOut, redacted, unansweredCache } from './findings.ts';
import { groups, rowsMaxOf } from './grouping.ts';
import { deferredLoad } from './load/cadence.ts';
import { load } from './load/load.ts';
import { LoadSpool } from './load/load-spool.ts';
import { removeStaleFiles } from './load/stale-files.ts';
import { materialise } from './materialise.ts';
import { parentsOf } from './parents.ts';
import { readStream } from './read-stream.ts';
import { counted, firstOf, type Part, pageIds } from './received.ts';
import { RunLedger, type StreamAccount, streamAccount } from './run-ledger.ts';
import { RunLocks } from './run-locks.ts';
import type { RunServices } from './run-services.ts';
import { restage } from './stage/restage.ts';
import { stage } from './stage/stage.ts';
import { compactAfter, keepPlan, performReconcile, performRename, settledPositions } from './state.ts';
import { openBlockers, stoppedLoad } from './step-blockers.ts';
import { performGroup, prepareAll, type StepRun, timestamp } from './step-runner.ts';
import { sweep } from './sweep.ts';
import { awaitsListing } from './whole-listing.ts';
import { type WorkerPool, workerPool } from './worker-pool.ts';

/** A run in progress. */
interface Run {
  readonly plan: Plan;
  readonly services: RunServices;
  readonly ledger: RunLedger;
  readonly locks: RunLocks;
  readonly channels: Channels;
  readonly pool: WorkerPool;
  readonly spool: LoadSpool;
}

/**
 * Performs a plan, step by step. Extractions that follow each other run side by side. A step that fails fails the run,
 * and skips what depends on it; the rest goes on. The report is written whatever happens.
 * @throws RefusedError when other runs are reading every stream of the plan.
 */
export async function executePlan(plan: Plan, services: RunServices): Promise<RunReport> {
  await services.staging.migrate();
  const { clock, progress, runId, state } = services;
  const locks = new RunLocks({ locks: state.locks, clock, run: runId, progress });
  try {
    await locks.takeStreams(plan);
    if (locks.refusal.length > 0) throw new RefusedError('refused', locks.refusal);
    return await executeLocked(plan, services, locks);
  } finally {
    await locks.close();
  }
}

async function executeLocked(plan: Plan, services: RunServices, locks: RunLocks): Promise<RunReport> {
  const id = services.runId;
  const startedAt = timestamp(services);
  await keepPlan(plan, services);
  await services.staging.startRun({ id, plan: plan.id, environment: plan.environment, startedAt });
  services.artifacts.plan(plan);
  const ledger = new RunLedger(plan, id, startedAt);
  let crash: { readonly error: unknown } | undefined;
  await performAll(plan, services, ledger, locks).catch((error: unknown) => {
    crash = { error };
  });
  ledger.found(unansweredCache(services.cache.unanswered()));
  const ended = crash !== undefined ? 'crashed' : services.signal.aborted ? 'interrupted' : 'whole';
  const settled = await settledPositions(plan, services);
  const report = {
    ...ledger.report(timestamp(services), ended, settled),
    openBlockers: await openBlockers(services),
  };
  await services.staging.finishRun(id, report.status, report.finishedAt);
  services.artifacts.report(report);
  if (crash !== undefined) throw crash.error;
  return report;
}

/** Steps that map pages come before those that load, which need the workers' memory. */
async function performAll(
  plan: Plan,
  services: RunServices,
  ledger: RunLedger,
  locks: RunLocks,
): Promise<void> {
  const all = groups(plan.steps.filter(({ kind }) => kind !== 'reconcile' && kind !== 'rename'));
  const isMapping = ([step]: readonly Step[]): boolean =>
    ['remap', 'extract', 'sweep'].includes(step?.kind ?? '');
  await removeStaleFiles(services.folder, services.clock.now());
  const pool = await workerPool(plan, services, services.workers);
  const spool = new LoadSpool(services.folder, rowsMaxOf(plan));
  const run: Run = { plan, services, ledger, locks, channels: channelsOf(plan, services), pool, spool };
  const steps: StepRun = {
    ...run,
    perform: (step, signal) => perform({ ...run, services: { ...services, signal } }, step),
  };
  const performGroups = async (chosen: readonly (readonly Step[])[]): Promise<void> => {
    for (const group of chosen) await performGroup(steps, group);
  };
  try {
    await prepareAll(steps);
    await performGroups(all.filter(isMapping)).finally(() => pool.close());
    await locks.releaseStreams();
    await performGroups(all.filter((group) => !isMapping(group)));
    await compactAfter(plan, services);
  } finally {
    await pool.close();
    spool.close();
    await rm(services.folder, { recursive: true, force: true });
  }
}

/** Does what a step says. Its findings are returned; a failure of the outside world is thrown. */
async function perform(run: Run, step: Step): Promise<readonly Diagnostic[]> {
  switch (step.kind) {
    case 'rename':
      return performRename(run.services, step, run.plan.environment);
    case 'reconcile':
      return performReconcile(run.services, step, run.plan.environment);
    case 'remap':
      return performRemap(run, step);
    case 'extract':
      return readStream(step, run, (read, part, services) =>
        performExtract({ ...run, services }, read, part),
      );
    case 'sweep':
      return sweep(step, run, (part) => performExtract(run, { ...step, kind: 'extract' }, part));
    case 'check':
      return performCheck(run, step);
    case 'reload':
      await run.services.staging.rewind(step.mapping);
      return [];
    case 'define':
      if (step.statements.length > 0) await run.services.warehouse.define(step.statements);
      return step.held === undefined ? [] : [step.held];
    case 'load':
      return performLoad(run, step);
  }
}

async function performRemap(
  { services, pool, ledger }: Run,
  step: RemapStep,
): Promise<readonly Diagnostic[]> {
  const leftOut = await restage(step, {
    staging: services.staging,
    run: services.runId,
    remap: ({ id, body }) => pool.remap({ program: step.id, page: id, body }),
    restaged: (rows) => ledger.mapped(rows),
    signal: services.signal,
  });
  return [
    ...(leftOut === 0 ? [] : [pagesLeftOut(step, leftOut)]),
    ...(step.dropped === undefined ? [] : [pagesDropped(step)]),
  ];
}

/** Reads one window of a stream, page by page, and stages each page with the rows that its mappings make of it. */
async function performExtract(run: Run, step: ExtractStep, part: Part = {}): Promise<readonly Diagnostic[]> {
  const { services, ledger, spool } = run;
  const name = accountStream(step.stream);
  const account = ledger.stream(name);
  const startedMs = services.clock.now();
  const position = continued(part.start ?? (await services.staging.position(step.stream)), step.stream);
  // Pages end before the work on the last of them does.
  const [stop, end] = [new AbortController(), new AbortController()];
  const pages = extract(
    extraction(run, step, position, account, {
      signal: AbortSignal.any([services.signal, stop.signal]),
      lookupSignal: AbortSignal.any([services.signal, end.signal]),
      pageId: pageIds(services.staging),
      ahead: true,
    }),
  );
  const committed = (page: StagedPage): void => {
    ledger.staged(name, page);
    for (const rows of page.rows) spool.add(page.id, rows);
    tellStaged(services, name, account, page);
  };
  try {
    await stage(step.stream, counted(firstOf(pages, part.pagesMax), account), position, {
      staging: services.staging,
      run: services.runId,
      committed,
      abandon: () => stop.abort(),
    });
  } finally {
    end.abort();
    countReplies(services, name, account);
    account.elapsedMs += services.clock.now() - startedMs;
  }
  return ledger.extracted(step);
}

async function performCheck(
  { plan, services, ledger }: Run,
  step: CheckStep,
): Promise<readonly Diagnostic[]> {
  const mapping = plan.mappings[step.mapping];
  if (mapping === undefined) return [];
  await materialise(plan, services, mapping);
  return ledger.checked(await check(mapping, step.checks, services.staging, services.clock.now()));
}

async function performLoad(
  { plan, services, ledger, locks, spool }: Run,
  step: LoadStep,
): Promise<readonly Diagnostic[]> {
  const mapping = plan.mappings[step.mapping];
  if (mapping === undefined) return [];
  const stopped = await stoppedLoad(step, services);
  if (stopped !== undefined) return [stopped];
  const deferred =
    (await awaitsListing(mapping, step, services.memory)) ?? (await deferredLoad(step, services));
  if (deferred !== undefined) return ledger.deferred(mapping.name, deferred);
  const { elapsedMs, ...counts } = await load(mapping, step, {
    ...services,
    run: services.runId,
    environment: plan.environment,
    spool,
    confirm: () => locks.confirm(loadLock),
    materialise: (unit) => materialise(plan, services, mapping, unit),
  });
  return ledger.loaded(mapping.name, counts, elapsedMs);
}

/** What every extraction of a run shares. */
type Plumbing = Pick<Run, 'plan' | 'services' | 'channels' | 'pool'>;

/** What a step's extraction needs: its source where it is read now, and a worker for each page. */
function extraction(
  { plan, services, channels, pool }: Plumbing,
  { id, stream }: ExtractStep,
  position: Position,
  counts: Pick<StreamAccount, 'meter' | 'lookupMeter' | 'cacheCounts'>,
  own: Pick<ExtractServices, 'signal' | 'lookupSignal' | 'pageId' | 'ahead'>,
): Extraction {
  const source = plan.sources[atAccount(stream.source, stream.account)];
  assert(source, `the plan has the source of ${id}`);
  const program = accountStream(stream);
  return {
    stream,
    source: { ...source, baseUrl: checkedBaseUrl(source, services.baseUrl(source)) },
    position,
    meter: counts.meter,
    lookupMeter: counts.lookupMeter,
    cacheCounts: counts.cacheCounts,
    scope: [plan.project, plan.environment],
    services: {
      ...services,
      ...own,
      channels,
      connector: services.connectors[source.connector],
      parents: parentsOf(stream, services.staging, pool),
      map: (page, body, window, look) => pool.map({ program, page, ...body, ...window }, look),
    },
  };
}

/** Pages of a stream as a first run would read it, mapped and not stored. */
export async function* listing(
  plan: Plan,
  step: ExtractStep,
  services: RunServices,
): AsyncIterable<ReceivedPage> {
  const pool = await workerPool(plan, services, 1);
  const { signal } = services;
  let page = 0;
  const pageId = async (): Promise<number> => {
    page += 1;
    return page;
  };
  const own = { signal, lookupSignal: signal, pageId, ahead: false };
  const plumbing = { plan, services, channels: channelsOf(plan, services), pool };
  try {
    for await (const received of extract(extraction(plumbing, step, {}, streamAccount(), own))) {
      await received.mapped;
      yield received;
    }
  } catch (error) {
    if (!(error instanceof ExplainedError)) throw error;
    throw error.said((diagnostic) => redacted(diagnostic, services.references));
  } finally {
    await pool.close();
  }
}
