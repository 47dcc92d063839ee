import { AppliedStructure, type Standing } from '../../engine/cli/applied-structure.ts';
import { packageFolder } from '../../engine/cli/package.ts';
import { plannedIn } from '../../engine/cli/planned.ts';
import { runIdentity } from '../../engine/cli/run-identity.ts';
import { ServeLog } from '../../engine/cli/serve-log.ts';
import { Serving } from '../../engine/cli/serving.ts';
import { besides, type Databases, databases } from '../../engine/cli/state.ts';
import { closeServices, type SharedServices, wireRun, wireShared } from '../../engine/cli/wire.ts';
import { check, run } from '../../engine/engine.ts';
import { type Lab, startLab } from '../../engine/lab/lab.ts';
import { assert } from '../../engine/model/errors.ts';
import type { Project } from '../../engine/model/project.ts';
import type { ServeReport } from '../../engine/model/serve-report.ts';
import { noMetrics } from '../../engine/services/metrics/no-metrics.ts';
import type { PacedClock } from './paced-clock.ts';

const quiet = { plan: () => {}, step: () => {}, report: () => {} };

/** A project with its lab, whose time is that of one clock: what `etl run` and `etl serve` do, without their processes. */
export class ServedProject {
  readonly said: string[] = [];
  readonly #folder: string;
  readonly #clock: PacedClock;
  readonly #project: Project;
  readonly #lab: Lab;
  readonly #own: Databases;
  readonly #shared: SharedServices;

  static async open(folder: string, clock: PacedClock): Promise<ServedProject> {
    const { project, diagnostics } = await check(folder, packageFolder);
    assert(project, `a valid project: ${JSON.stringify(diagnostics)}`);
    const lab = await startLab(project, { clock });
    // The lab stands in for the API itself, so that alerts have their own addresses.
    process.env['SERVED_SHOP_URL'] = lab.sources['shop'] ?? '';
    const own = await databases(project, clock);
    await own.staging.migrate();
    const { memory } = own;
    const shared = await wireShared({
      ...{ project, redis: undefined, memory, metrics: noMetrics, clock },
    });
    return new ServedProject({ folder, clock, project, lab, own, shared });
  }

  private constructor(parts: {
    readonly folder: string;
    readonly clock: PacedClock;
    readonly project: Project;
    readonly lab: Lab;
    readonly own: Databases;
    readonly shared: SharedServices;
  }) {
    this.#folder = parts.folder;
    this.#clock = parts.clock;
    this.#project = parts.project;
    this.#lab = parts.lab;
    this.#own = parts.own;
    this.#shared = parts.shared;
  }

  /** As `etl run` does. */
  async apply(): Promise<void> {
    const { plan } = await this.#planned();
    const own = await besides(this.#project, this.#own);
    const runId = runIdentity(new Date(this.#clock.now()));
    const signal = new AbortController().signal;
    const services = wireRun(this.#shared, {
      ...{ project: this.#project, plan, databases: own, runId, signal, artifacts: quiet },
      progress: () => ({ update: () => {} }),
      applies: { nonce: runId, once: false },
    });
    this.#clock.enter();
    const report = await run(plan, services);
    this.#clock.leave();
    assert(report.status !== 'interrupted', 'nobody interrupts it');
  }

  /** As `etl serve` does, for so long by the clock. `random` says where in their jitter streams begin. */
  async serve(ms: number, random = () => 0.5): Promise<ServeReport> {
    const stop = new AbortController();
    const structure = new AppliedStructure(this.#own.state, () => this.#planned());
    const log = new ServeLog({
      ...{ write: (text) => void this.said.push(text), clock: this.#clock, isQuiet: false, colored: false },
    });
    const serving = new Serving(
      {
        ...{ databases: this.#own, shared: this.#shared, signal: stop.signal, random },
        stop: (why) => stop.abort(why),
        structure: { look: () => this.#entered(structure), forget: () => structure.forget() },
        log: {
          serving: (...about) => log.serving(...about),
          held: (...about) => log.held(...about),
          found: (found) => log.found(found),
          ended: (...about) => {
            this.#clock.leave();
            log.ended(...about);
          },
        },
      },
      await structure.look(),
    );
    void this.#clock.sleep(ms).then(() => stop.abort(new Error('the time is over')));
    return serving.serve();
  }

  /** Answers of the lab by their status. */
  statuses(): Readonly<Record<string, number>> {
    const all: Record<string, number> = {};
    for (const { statuses } of Object.values(this.#lab.stats()))
      for (const [status, times] of Object.entries(statuses)) all[status] = (all[status] ?? 0) + times;
    return all;
  }

  async close(): Promise<void> {
    await closeServices(this.#shared);
    await Promise.all([this.#own.staging.close(), this.#own.warehouse.close(), this.#lab.close()]);
  }

  async #entered(structure: AppliedStructure): Promise<Standing> {
    this.#clock.enter();
    return structure.look();
  }

  async #planned() {
    const checked = await check(this.#folder, packageFolder);
    const { project } = checked;
    assert(project, 'a valid project');
    const beside = await besides(project, this.#own);
    const work = await plannedIn({ ...checked, project }, project, beside);
    await beside.warehouse.close();
    return work;
  }
}
