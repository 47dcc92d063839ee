import { rm } from 'node:fs/promises';
import type { Diagnostic } from '../model/diagnostic.ts';
import { ExplainedError, RefusedError } from '../model/errors.ts';
import { loadLock } from '../model/locks.ts';
import type { CheckStep, ExtractStep, LoadStep, Plan, RemapStep, Step } from '../model/plan.ts';
import type { StagedPage } from '../model/ports.ts';
import type { RunReport, StepResult } from '../model/run-report.ts';
import { check } from './check/check.ts';
import type { Channels } from './extract/channels.ts';
import { continued, extract } from './extract/extract.ts';
import { channels, extraction } from './extraction.ts';
import { countReplies, tellStaged } from './figures.ts';
import { pagesDropped, pagesLeftOut, redacted, unansweredCache } from './findings.ts';
import { groups, rowsMaxOf } from './grouping.ts';
import { load } from './load/load.ts';
import { LoadSpool } from './load/load-spool.ts';
import { removeStaleFiles } from './load/stale-files.ts';
import { counted, pageIds } from './received.ts';
import { RunLedger } from './run-ledger.ts';
import { RunLocks } from './run-locks.ts';
import type { RunServices } from './run-services.ts';
import { restage } from './stage/restage.ts';
import { stage } from './stage/stage.ts';
import { compactAfter, keepResult, performReconcile, settledPositions } from './state.ts';
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
  await services.state.runs.keepPlan(plan);
  await services.staging.startRun({ id, plan: plan.id, environment: plan.environment, startedAt });
  services.artifacts.plan(plan);
  const ledger = new RunLedger(plan, id, startedAt);
  let crash: { readonly error: unknown } | undefined;
  await performAll(plan, services, ledger, locks).catch((error: unknown) => {
    crash = { error };
  });
  ledger.found(unansweredCache(services.cache.unanswered()));
  const ended = crash !== undefined ? 'crashed' : services.signal.aborted ? 'interrupted' : 'whole';
  const report = ledger.report(timestamp(services), ended, await settledPositions(plan, services));
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
  const all = groups(plan.steps.filter(({ kind }) => kind !== 'reconcile'));
  const isMapping = ([step]: readonly Step[]): boolean => step?.kind === 'remap' || step?.kind === 'extract';
  await removeStaleFiles(services.folder, services.clock.now());
  const pool = workerPool(plan, services.references, services.workers);
  const spool = new LoadSpool(services.folder, rowsMaxOf(plan));
  const run: Run = { plan, services, ledger, locks, channels: channels(plan, services), pool, spool };
  const perform = async (chosen: readonly (readonly Step[])[]): Promise<void> => {
    for (const group of chosen) await performGroup(run, group);
  };
  try {
    await prepareAll(run);
    await perform(all.filter(isMapping)).finally(() => pool.close());
    await locks.releaseStreams();
    await perform(all.filter((group) => !isMapping(group)));
    await compactAfter(plan, services);
  } finally {
    await pool.close();
    spool.close();
    await rm(services.folder, { recursive: true, force: true });
  }
}

/**
 * Makes the tables of all mappings, and reconciles staging with the warehouse where they differ. What is changed here must not
 * be loaded by another run meanwhile.
 */
async function prepareAll(run: Run): Promise<void> {
  try {
    await prepareMappings(run);
  } catch (error) {
    // Then every step says so itself.
    if (run.services.signal.aborted) return;
    if (!(error instanceof ExplainedError) || error.diagnostic.code !== 'ETL0630') throw error;
    throw new RefusedError('refused', [error.diagnostic]);
  }
}

async function prepareMappings(run: Run): Promise<void> {
  const { plan, services, locks } = run;
  const known = await services.staging.mappingHashes();
  const mappings = Object.values(plan.mappings).filter(({ stream }) => !locks.isRefused(stream));
  const reconciling = plan.steps.filter(({ kind }) => kind === 'reconcile');
  const changes = reconciling.length > 0 || mappings.some(({ name, hash }) => known.get(name) !== hash);
  if (changes) await locks.loading(services.signal);
  for (const mapping of mappings) await services.staging.prepare(mapping);
  for (const step of reconciling) await performStep(run, step);
  if (changes) await locks.releaseLoading();
}

/** Performs steps side by side. A bug in one stops the others, which may be waiting for an hour. */
async function performGroup(run: Run, group: readonly Step[]): Promise<void> {
  const stop = new AbortController();
  const signal = AbortSignal.any([run.services.signal, stop.signal]);
  const stopping = { ...run, services: { ...run.services, signal } };
  const work = group.map((step) =>
    performStep(stopping, step).catch((error: unknown) => {
      stop.abort(error);
      throw error;
    }),
  );
  const bug = (await Promise.allSettled(work)).find((result) => result.status === 'rejected');
  if (bug !== undefined) throw bug.reason;
}

const timestamp = ({ clock }: RunServices): string => new Date(clock.now()).toISOString();

async function performStep(run: Run, step: Step): Promise<void> {
  const { services, ledger } = run;
  const startedAt = timestamp(services);
  const finish = async (status: StepResult['status'], found: readonly Diagnostic[]): Promise<void> => {
    const diagnostics = found.map((diagnostic) => redacted(diagnostic, services.references));
    ledger.finished(step, status, diagnostics);
    await keepResult(services, {
      step: step.id,
      status,
      startedAt,
      finishedAt: timestamp(services),
      diagnostics,
    });
    services.progress.update({ kind: 'step', step: step.id, state: status });
  };
  if (services.signal.aborted) return finish('interrupted', []);
  if (ledger.blocked(step)) return finish('skipped', []);
  services.progress.update({ kind: 'step', step: step.id, state: 'started' });
  try {
    const diagnostics = await performAdmitted(run, step);
    await finish(
      diagnostics.some(({ severity }) => severity === 'error') ? 'failed' : 'succeeded',
      diagnostics,
    );
  } catch (error) {
    if (services.signal.aborted) return finish('interrupted', []);
    if (!(error instanceof ExplainedError)) throw error;
    await finish('failed', [
      { ...error.diagnostic, help: [`In step: ${step.id}.`, ...error.diagnostic.help] },
    ]);
  }
}

/** Performs a step under its lock; when that is lost, the step ends. */
async function performAdmitted(run: Run, step: Step): Promise<readonly Diagnostic[]> {
  const lost = await run.locks.admit(step, run.services.signal);
  const signal = AbortSignal.any([run.services.signal, lost]);
  return perform({ ...run, services: { ...run.services, signal } }, step);
}

/** Does what a step says. Its findings are returned; a failure of the outside world is thrown. */
async function perform(run: Run, step: Step): Promise<readonly Diagnostic[]> {
  switch (step.kind) {
    case 'reconcile':
      return performReconcile(run.services, step, run.plan.environment);
    case 'remap':
      return performRemap(run, step);
    case 'extract':
      return performExtract(run, step);
    case 'check':
      return performCheck(run, step);
    case 'reload':
      await run.services.staging.rewind(step.mapping);
      return [];
    case 'define':
      await run.services.warehouse.define(step.statements);
      return [];
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
    remap: ({ id, body }) => pool.remap({ program: step.id, page: id, body }),
    restaged: (rows) => ledger.mapped(rows),
    signal: services.signal,
  });
  return [
    ...(leftOut === 0 ? [] : [pagesLeftOut(step, leftOut)]),
    ...(step.dropped === 0 ? [] : [pagesDropped(step)]),
  ];
}

/** Reads one window of a stream, page by page, and stages each page with the rows that its mappings make of it. */
async function performExtract(run: Run, step: ExtractStep): Promise<readonly Diagnostic[]> {
  const { services, ledger, spool } = run;
  const name = `${step.stream.source}.${step.stream.name}`;
  const account = ledger.stream(name);
  const startedMs = services.clock.now();
  const position = continued(await services.staging.position(step.stream), step.stream);
  // Pages end before the work on the last of them does.
  const [stop, end] = [new AbortController(), new AbortController()];
  const pages = extract(
    extraction(run, step, position, account, {
      signal: AbortSignal.any([services.signal, stop.signal]),
      lookupSignal: AbortSignal.any([services.signal, end.signal]),
      pageId: pageIds(services.staging),
    }),
  );
  const committed = (page: StagedPage): void => {
    ledger.staged(name, page);
    for (const rows of page.rows) spool.add(page.id, rows);
    tellStaged(services, name, account, page);
  };
  try {
    await stage(step.stream, counted(pages, account), position, {
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
  return ledger.checked(await check(mapping, step.checks, services.staging, services.clock.now()));
}

async function performLoad(
  { plan, services, ledger, locks, spool }: Run,
  step: LoadStep,
): Promise<readonly Diagnostic[]> {
  const mapping = plan.mappings[step.mapping];
  if (mapping === undefined) return [];
  const { staging, warehouse, clock, runId, folder } = services;
  const counts = await load(mapping, step, {
    staging,
    warehouse,
    clock,
    run: runId,
    folder,
    spool,
    confirm: () => locks.confirm(loadLock),
    signal: services.signal,
  });
  ledger.loaded(mapping.name, counts);
  return [];
}
