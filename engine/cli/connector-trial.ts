import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { check, run } from '../engine.ts';
import { type Lab, startLab } from '../lab/lab.ts';
import { labText } from '../lab/reference.ts';
import { hasErrors } from '../model/diagnostic.ts';
import { RefusedError } from '../model/errors.ts';
import type { Clock, References } from '../model/ports.ts';
import type { RunReport } from '../model/run-report.ts';
import type { ArrivedRow } from '../operations/connectors/arrived.ts';
import { keyText, type Phase } from '../operations/connectors/changes.ts';
import { systemClock } from '../services/clock.ts';
import { noMetrics } from '../services/metrics/no-metrics.ts';
import { environmentReferences } from '../services/references.ts';
import { runArtifacts } from '../services/run-artifacts.ts';
import { tokenKeyName, triedSource } from './connector-project.ts';
import { endpoints } from './endpoints.ts';
import { packageFolder } from './package.ts';
import { type PlannedProject, planned } from './planned.ts';
import { silentProgress } from './progress.ts';
import { runIdentity } from './run-identity.ts';
import { closeServices, wireRun, wireShared } from './wire.ts';

/** Most rows of a table that are compared. */
const rowsMax = 100_000;

/** One run of a connector in the lab. */
export interface TrialRun {
  readonly report: RunReport;
  readonly rows: ReadonlyMap<string, readonly ArrivedRow[]>;
  readonly requests: number;
  readonly throttled: number;
  /** Answers by status. */
  readonly statuses: { readonly [status: string]: number };
  /** Streams with a secret in a kept page, which is compressed. */
  readonly leaks: readonly string[];
}

/** The project as it is declared. @throws RefusedError (exit 3) when it is not valid */
async function checkedProject(folder: string) {
  const checked = await check(resolve(folder), packageFolder);
  const { project } = checked;
  if (project === undefined || hasErrors(checked.diagnostics))
    throw new RefusedError('invalid', checked.diagnostics);
  return { ...checked, project };
}

/** Secrets that a run uses: they are those that the lab takes, and nothing else of the lab's makes the run easier. */
export interface TrialSecrets {
  readonly references: References;
  /** Those of the connector, and the tokens that were issued so far. */
  readonly values: ReadonlySet<string>;
}

/** A value for every reference of a connector: what the lab takes for it. */
export function trialSecrets(folder: string, document: unknown, tokenKey: string): TrialSecrets {
  const found = JSON.stringify(document).match(/\$\{env:[^}]*\}/g) ?? [];
  const names = found.map((one) => one.replace(/^\$\{env:/, '').replace(/(:-.*)?\}$/, ''));
  const environment: Record<string, string> = { [tokenKeyName]: tokenKey };
  for (const name of names) environment[name] = labText(`\${env:${name}}`);
  const own = environmentReferences(folder, environment);
  // Files are not to be had: the lab takes a text for each of them.
  const resolveText = (text: string): string => own.resolve(text.replace(/\$\{file:[^}]*\}/g, labText));
  const values = new Set(Object.values(environment));
  const hide = (value: string): void => {
    values.add(value);
    own.hide(value);
  };
  return { references: { ...own, resolve: resolveText, hide }, values };
}

/** Writes what the lab is to have of each stream. */
export function serveRecords(folder: string, records: ReadonlyMap<string, Phase | undefined>): void {
  mkdirSync(join(folder, 'lab', triedSource), { recursive: true });
  for (const [stream, phase] of records) {
    const lines = (phase?.records ?? []).map(({ line }) => `${line}\n`).join('');
    writeFileSync(join(folder, 'lab', triedSource, `${stream}.ndjson`), lines);
  }
}

/** The machine's clock, set to a time. */
function clockAt(ms: number): Clock {
  const startedMs = systemClock.now();
  return { ...systemClock, now: () => ms + systemClock.now() - startedMs };
}

/** Runs the project once at a time against a lab of its own, with secrets as they are in production. */
export async function tryOnce(folder: string, secrets: TrialSecrets, atMs: number): Promise<TrialRun> {
  const checked = await checkedProject(folder);
  const lab = await startLab(checked.project);
  try {
    return await performed(await planned(checked, false), lab, secrets, clockAt(atMs));
  } finally {
    await lab.close();
  }
}

async function performed(
  work: PlannedProject,
  lab: Lab,
  { references, values }: TrialSecrets,
  clock: Clock,
): Promise<TrialRun> {
  const { project, plan, memory } = work;
  const runId = runIdentity(new Date());
  const shared = await wireShared({ project, redis: plan.redis, memory, metrics: noMetrics, clock });
  const services = wireRun(
    { ...shared, references, ...endpoints(references, lab.url) },
    {
      project,
      plan,
      databases: work,
      runId,
      artifacts: runArtifacts(join(project.folder, '.etl', 'runs', runId)),
      progress: () => silentProgress,
      signal: new AbortController().signal,
    },
  );
  try {
    const report = await run(plan, services);
    const { requests, throttled, statuses } = lab.stats()[triedSource] ?? {
      requests: 0,
      throttled: 0,
      statuses: {},
    };
    const leaks = await leaksIn(work, values);
    return { report, rows: await rowsOf(work), requests, throttled, statuses, leaks };
  } finally {
    await closeServices(services);
    await Promise.all([work.staging.close(), work.warehouse.close()]);
  }
}

async function leaksIn(
  { plan, staging }: PlannedProject,
  secrets: TrialSecrets['values'],
): Promise<readonly string[]> {
  const leaks = new Set<string>();
  for (const stream of plan.steps.flatMap((step) => (step.kind === 'extract' ? [step.stream] : [])))
    for await (const { body } of staging.pages(stream)) {
      const page = gunzipSync(body);
      if ([...secrets].some((secret) => page.includes(secret))) leaks.add(stream.name);
    }
  return [...leaks];
}

/** What the tables hold, by the stream that they are made of. */
async function rowsOf({
  plan,
  warehouse,
}: PlannedProject): Promise<ReadonlyMap<string, readonly ArrivedRow[]>> {
  const rows = new Map<string, readonly ArrivedRow[]>();
  for (const { name, schema, table } of Object.values(plan.mappings)) {
    const [known] = await warehouse.tables([{ schema, table }]);
    const sample = known === undefined ? undefined : await warehouse.sample(schema, table, rowsMax);
    rows.set(
      name,
      (sample?.rows ?? []).flatMap((row) => arrivedRow(sample?.columns ?? [], row)),
    );
  }
  return rows;
}

/** A row as it is compared; one that is marked as deleted is none. */
function arrivedRow(columns: readonly string[], row: readonly (string | null)[]): readonly ArrivedRow[] {
  const of = (wanted: (column: string) => boolean): readonly string[] =>
    columns.flatMap((column, at) => (wanted(column) ? [row[at] ?? ''] : []));
  if (of((one) => one === '_deleted_at').some((text) => text !== '')) return [];
  const key = keyText(of((column) => /^key_\d+$/.test(column)));
  return [{ key, cursor: of((one) => one === 'changed')[0] ?? '' }];
}
