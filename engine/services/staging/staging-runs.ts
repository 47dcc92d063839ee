import type { RangeHistory, WindowRecord } from '../../model/estimate.ts';
import type { LoadedWindow } from '../../model/freshness.ts';
import type { MappingPlan, PinnedWindow, Plan } from '../../model/plan.ts';
import type { Clock } from '../../model/ports.ts';
import type { StepResult } from '../../model/run-report.ts';
import type {
  AppliedPlan,
  KeptExchange,
  KeptRun,
  RunRecords,
  Runs,
  RunView,
  StreamRef,
} from '../../model/state-port.ts';
import type { Database } from './database.ts';
import { keptExchanges } from './kept-pages.ts';
import { loadedWindows } from './loaded-windows.ts';
import { recordsIn } from './ranges.ts';
import { rowsPerRecord, type StreamKey, windows } from './windows.ts';

type StreamName = Pick<StreamRef, 'source' | 'account' | 'name'>;

/** Pages of a stream that are looked at for what runs have received, the newest first. */
const pagesMax = 100_000;

const byNonce = 'SELECT run FROM applied_plans WHERE nonce = ?';

/** The run that has applied a whole plan last. */
const latest = 'SELECT run FROM applied_plans WHERE partial = 0 ORDER BY applied_at DESC, run DESC LIMIT 1';

export interface RunsOptions {
  readonly environment: string;
  readonly clock: Clock;
}

/** Runs, their plans and their steps in the tables `runs`, `plans` and `steps`. */
export class StagingRuns implements Runs {
  readonly #database: Database;
  readonly #environment: string;
  readonly #clock: Clock;

  constructor(database: Database, { environment, clock }: RunsOptions) {
    this.#database = database;
    this.#environment = environment;
    this.#clock = clock;
  }

  async keepPlan(plan: Plan): Promise<void> {
    await this.#database.write((handle) =>
      handle.run(
        'INSERT INTO plans (id, body, created_at) VALUES (?, ?, ?) ON CONFLICT (id) DO NOTHING',
        plan.id,
        JSON.stringify(plan),
        new Date(this.#clock.now()).toISOString(),
      ),
    );
  }

  async finishStep(run: string, { step, status, startedAt, finishedAt }: StepResult): Promise<void> {
    await this.#database.write((handle) =>
      handle.run(
        'INSERT INTO steps (run, step, status, started_at, finished_at) VALUES (?, ?, ?, ?, ?) ' +
          'ON CONFLICT (run, step) DO UPDATE SET status = excluded.status, finished_at = excluded.finished_at',
        ...[run, step, status, startedAt, finishedAt],
      ),
    );
  }

  async apply({ nonce, plan, run, once, partial = false }: AppliedPlan): Promise<string | undefined> {
    return this.#database.write(async (handle) => {
      const found = await handle.first<{ run: string }>(byNonce, nonce);
      if (once && found !== undefined) return found.run;
      const at = new Date(this.#clock.now()).toISOString();
      await handle.run(
        'INSERT INTO applied_plans (nonce, environment, plan, run, applied_at, partial) VALUES (?, ?, ?, ?, ?, ?) ' +
          'ON CONFLICT (nonce) DO UPDATE SET run = excluded.run, applied_at = excluded.applied_at',
        ...[nonce, this.#environment, plan, run, at, partial ? 1 : 0],
      );
      return undefined;
    });
  }

  async lastApplied(): Promise<Plan | undefined> {
    const sql = 'SELECT body FROM applied_plans a JOIN plans ON plans.id = a.plan WHERE a.run = ';
    const found = await this.#database.read((handle) => handle.first<{ body: string }>(`${sql}(${latest})`));
    return found === undefined ? undefined : (JSON.parse(found.body) as Plan);
  }

  async appliedBy(nonce: string): Promise<string | undefined> {
    const found = await this.#database.read((handle) => handle.first<{ run: string }>(byNonce, nonce));
    return found?.run;
  }

  async windows(stream: StreamName, limit: number): Promise<readonly WindowRecord[]> {
    return this.#database.read((handle) => windows(handle, this.#keyOf(stream), limit));
  }

  async exchanges(stream: StreamName, limit: number, run?: string): Promise<readonly KeptExchange[]> {
    return this.#database.read((handle) => keptExchanges(handle, this.#keyOf(stream), limit, run));
  }

  async loadedWindows(stream: StreamRef, limit: number): Promise<readonly LoadedWindow[]> {
    return this.#database.read((handle) =>
      loadedWindows(handle, this.#keyOf(stream), stream.mappings, limit),
    );
  }

  async rowsPerRecord(stream: StreamName): Promise<ReadonlyMap<string, number>> {
    return this.#database.read((handle) => rowsPerRecord(handle, this.#keyOf(stream)));
  }

  async recordsIn(
    stream: StreamName,
    mappings: readonly MappingPlan[],
    windows: readonly PinnedWindow[],
  ): Promise<Omit<RangeHistory, 'slices'>> {
    const tableOf = (mapping: MappingPlan): string => this.#database.dialect.table(mapping).name;
    return this.#database.read((handle) =>
      recordsIn(handle, { key: this.#keyOf(stream), mappings, windows, tableOf }),
    );
  }

  async find(run: string): Promise<KeptRun | undefined> {
    return this.#database.read(async (handle) => {
      const sql = 'SELECT status, body FROM runs JOIN plans ON plans.id = runs.plan WHERE runs.id = ?';
      const found = await handle.first<{ status: string; body: string }>(sql, run);
      if (found === undefined) return undefined;
      const steps = await handle.select<{ step: string; status: StepResult['status'] }>(
        'SELECT step, status FROM steps WHERE run = ?',
        run,
      );
      return {
        run,
        status: found.status,
        plan: JSON.parse(found.body) as Plan,
        steps: new Map(steps.map(({ step, status }) => [step, status])),
      };
    });
  }

  async last(limit: number): Promise<readonly RunView[]> {
    const sql =
      'SELECT id AS run, status, started_at AS "startedAt", finished_at AS "finishedAt" FROM runs ' +
      'ORDER BY started_at DESC, id DESC LIMIT ?';
    const rows = await this.#database.read((handle) =>
      handle.select<Omit<RunView, 'finishedAt'> & { readonly finishedAt: string | null }>(sql, limit),
    );
    return rows.map(({ finishedAt, ...row }) => ({ ...row, ...(finishedAt !== null && { finishedAt }) }));
  }

  async received(stream: StreamName, limit: number): Promise<readonly RunRecords[]> {
    const pages =
      'SELECT run, records FROM pages WHERE environment = ? AND source = ? AND account = ? AND stream = ? ' +
      'ORDER BY id DESC LIMIT ?';
    const sql =
      'SELECT r.id AS run, r.started_at AS "startedAt", CAST(sum(p.records) AS BIGINT) AS records ' +
      `FROM (${pages}) AS p JOIN runs AS r ON r.id = p.run WHERE r.status = 'succeeded' ` +
      'GROUP BY r.id, r.started_at ORDER BY r.started_at DESC, r.id DESC LIMIT ?';
    const bound = [...this.#keyOf(stream), pagesMax, limit];
    const rows = await this.#database.read((handle) => handle.select<RunRecords>(sql, ...bound));
    return rows.map((row) => ({ ...row, records: Number(row.records) }));
  }

  async forget(before: string): Promise<void> {
    await this.#database.write(async (handle) => {
      await handle.run('DELETE FROM steps WHERE run IN (SELECT id FROM runs WHERE started_at < ?)', before);
      await handle.run(
        'DELETE FROM plans WHERE created_at < ? AND id NOT IN (SELECT plan FROM runs WHERE started_at >= ?) ' +
          `AND id NOT IN (SELECT plan FROM applied_plans WHERE run = (${latest}))`,
        before,
        before,
      );
      // The nonce of a saved plan is kept: it must not be applied again however old it is.
      await handle.run(
        `DELETE FROM applied_plans WHERE applied_at < ? AND nonce = run AND run <> (${latest})`,
        before,
      );
    });
  }

  #keyOf({ source, account, name }: StreamName): StreamKey {
    return [this.#environment, source, account, name];
  }
}
