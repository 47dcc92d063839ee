import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Checked, planReplay, run, selectNodes } from '../engine.ts';
import { accountSource, atAccount, defaultAccount } from '../model/accounts.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import { assert, RefusedError } from '../model/errors.ts';
import type { MappingPlan, Plan } from '../model/plan.ts';
import type { Clock, References } from '../model/ports.ts';
import type { Project } from '../model/project.ts';
import type { RecordedExchange, RecordedOutcome, Recording } from '../model/recording.ts';
import type { RunReport } from '../model/run-report.ts';
import { outcomeOf } from '../operations/record/outcomes.ts';
import { memoryCache } from '../services/cache/memory-cache.ts';
import { systemClock } from '../services/clock.ts';
import { inProcessLimiter } from '../services/limiter/in-process-limiter.ts';
import { memoryLocks } from '../services/locks/memory-locks.ts';
import { noMetrics } from '../services/metrics/no-metrics.ts';
import { recordedHttpClient } from '../services/recorded-http-client.ts';
import { connectors } from './connectors.ts';
import { declared } from './planned.ts';
import { silentProgress } from './progress.ts';
import { type Databases, databases } from './state.ts';

export interface Replay {
  readonly report: RunReport;
  readonly outcomes: readonly RecordedOutcome[];
  /** Recorded, and asked for by nobody. */
  readonly unasked: readonly RecordedExchange[];
}

/** Rows of a table that are looked at; a recording has few pages. */
const rowsMax = 1_000_000;

/**
 * Runs recordings through the whole pipeline, with the connector and databases of their own that are thrown away. There is
 * no network, and no secret is needed. It takes place when the last of them was recorded.
 */
export async function replayRecordings(
  checked: Checked & { readonly project: Project },
  recordings: readonly Recording[],
  signal: AbortSignal,
): Promise<Replay> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-replay-'));
  const project = scratch(checked.project, folder);
  const plan = replayPlan(declared(checked, project).plan, project, recordings);
  const opened = await databases(project);
  const http = recordedHttpClient(recordings);
  const at = Math.max(...recordings.map(({ recordedAt }) => Date.parse(recordedAt)));
  const clock = clockAt(at);
  const limiter = inProcessLimiter({ clock, metrics: noMetrics });
  try {
    const cache = memoryCache();
    const report = await run(plan, {
      ...opened,
      runId: 'replay',
      clock,
      http,
      limiter,
      cache,
      ownCache: cache,
      locks: memoryLocks(),
      references: placeholders,
      connectors,
      artifacts: { plan: () => {}, step: () => {}, report: () => {} },
      progress: silentProgress,
      random: () => 0,
      signal,
      tokenised: true,
      folder: join(folder, 'load'),
      workers: 1,
      baseUrl: (source) => baseUrlOf(recordings, accountSource(source)),
      tokenUrl: () => '',
      signingKey: () => '',
    });
    const outcomes: RecordedOutcome[] = [];
    for (const mapping of Object.values(plan.mappings)) outcomes.push(await outcome(mapping, report, opened));
    return { report, outcomes, unasked: http.unasked() };
  } finally {
    await limiter.close();
    await Promise.all([opened.staging.close(), opened.warehouse.close()]);
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The project with databases of its own in a folder; whom it would tell, or share with, it does not. */
const scratch = ({ redis: _, alerts: __, metrics: ___, ...project }: Project, folder: string): Project => ({
  ...project,
  staging: { dialect: 'sqlite', storage: join(folder, 'staging.sqlite') },
  warehouse: { ...project.warehouse, type: 'duckdb', path: join(folder, 'warehouse.duckdb') },
  references: [],
});

function replayPlan(plan: Plan, project: Project, recordings: readonly Recording[]): Plan {
  const select = recordings.map(({ stream }) => `${stream}+`);
  const unchanged = { nodes: [], work: [], destructive: [] };
  const chosen = selectNodes(project, plan, { select, exclude: [] }, unchanged);
  if (chosen.plan === undefined) throw new RefusedError('invalid', chosen.diagnostics);
  return planReplay(chosen.plan, recordings);
}

/** Nothing that a replay does needs the value of a reference; where one is asked for, any will do. */
const placeholders: References = {
  resolve: (text) => text.replace(/\$\{(?:env|file):[^}]*\}/g, 'placeholder'),
  redact: (text) => text,
  hide: () => {},
};

function baseUrlOf(recordings: readonly Recording[], source: string): string {
  const found = recordings.find(({ stream }) => sourceOf(stream) === source);
  assert(found, `a stream of ${source} is recorded`);
  return found.baseUrl;
}

/** `shop@berlin` of `shop.orders@berlin`. */
function sourceOf(recorded: string): string {
  const [stream = '', account = defaultAccount] = recorded.split('@');
  return atAccount(stream.split('.')[0] ?? '', account);
}

/** The machine's clock, put back to a time. */
function clockAt(ms: number): Clock {
  const startedMs = systemClock.now();
  return { ...systemClock, now: () => ms + systemClock.now() - startedMs };
}

async function outcome(
  mapping: MappingPlan,
  report: RunReport,
  { warehouse }: Databases,
): Promise<RecordedOutcome> {
  const { schema, table } = mapping;
  const [known] = await warehouse.tables([{ schema, table }]);
  const sample =
    known === undefined
      ? { columns: [], rows: [], total: 0 }
      : await warehouse.sample(schema, table, rowsMax);
  return outcomeOf(mapping, report, known?.columns ?? [], sample);
}

/** What kept a replay from being whole. */
export const replayErrors = ({ report }: Replay): readonly Diagnostic[] =>
  report.diagnostics.filter(({ severity }) => severity === 'error');
