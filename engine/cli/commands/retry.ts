import { Args, Flags } from '@oclif/core';
import { type Checked, planLeftOver } from '../../engine.ts';
import { cursorValue } from '../../model/batch.ts';
import { complaint, RefusedError } from '../../model/errors.ts';
import type { Plan } from '../../model/plan.ts';
import type { BackfillAsked } from '../../model/saved-plan.ts';
import type { KeptRun } from '../../model/state-port.ts';
import { exitCodes } from '../../report/exit-code.ts';
import { keptRun } from '../../services/run-artifacts.ts';
import { BaseCommand, commonFlags, type Outcome } from '../base-command.ts';
import { labUrl } from '../lab-url.ts';
import { performRun } from '../perform-run.ts';
import { closingOnFailure, type PlannedProject, planned, replanned } from '../planned.ts';

/** Runs that a message names. */
const runsShownMax = 5;

export default class Retry extends BaseCommand {
  static override readonly summary =
    'Perform again what a run has left: its failed, skipped and interrupted steps.';
  static override readonly description =
    'Under the same plan: exit code 4, naming what has moved, when the structure of the project is another one now. What the run has done is not done again.';
  static override readonly examples = [
    '<%= config.bin %> retry 20260131-121500-1a2b3c',
    '<%= config.bin %> retry 20260131-121500-1a2b3c --env production',
  ];
  static override readonly args = {
    run: Args.string({
      description: 'The run, as `etl state show` and `.etl/runs/` name it.',
      required: true,
    }),
  };
  static override readonly flags = {
    ...commonFlags,
    lab: Flags.boolean({ description: 'The run was one in the lab.' }),
    'lab-url': Flags.string({
      description: 'Read from a lab that is already running (`etl lab`).',
      helpValue: 'URL',
      parse: async (text) => labUrl('--lab-url', text),
      exclusive: ['lab'],
    }),
    quiet: Flags.boolean({ char: 'q', description: 'No progress.' }),
  };

  protected override async perform(): Promise<Outcome> {
    const { args, flags } = await this.parse(Retry);
    const checked = await this.project(flags);
    const work = await planned(checked, flags.lab || flags['lab-url'] !== undefined);
    const left = await closingOnFailure(work, () => this.#left(checked, work, args.run));
    if (left.plan === undefined) {
      await Promise.all([work.staging.close(), work.warehouse.close()]);
      const text = `Run ${args.run} has left nothing: all of its steps succeeded.`;
      return { exitCode: exitCodes.ok, result: { run: args.run, left: [] }, diagnostics: [], text };
    }
    return performRun(
      { ...work, plan: left.plan },
      { lab: flags.lab, labUrl: flags['lab-url'], env: flags.env, quiet: flags.quiet || flags.json },
    );
  }

  async #left(checked: Checked, work: PlannedProject, run: string) {
    const kept = await find(work, run);
    const backfill = backfillIn(kept.plan);
    const left = planLeftOver(
      kept,
      backfill === undefined ? work.plan : replanned(checked, work, { backfill }),
    );
    if (left.steps.length > 0 && left.moved.length > 0)
      throw new RefusedError('refused', [moved(run, left.moved)]);
    return left;
  }
}

/** The range that a plan reads once more. */
function backfillIn({ steps }: Plan): BackfillAsked | undefined {
  for (const step of steps) {
    if (step.kind !== 'extract' || step.backfill === undefined) continue;
    const { of, window, share } = step.backfill;
    const value = (text: string): string => cursorValue(step.stream.cursor?.type ?? 'string', text);
    return { stream: of, from: value(window.from), to: value(window.to), share: `${share * 100}%` };
  }
  return undefined;
}

/** A run by its name, from the ledger or from its files. @throws RefusedError when there is none, or it still goes on. */
async function find({ state, staging, project }: PlannedProject, run: string): Promise<KeptRun> {
  await staging.migrate();
  const kept = (await state.runs.find(run)) ?? keptRun(project.folder, run);
  if (kept === undefined) {
    const last = await state.runs.last(runsShownMax);
    throw new RefusedError('invalid', [
      unknownRun(
        run,
        last.map((one) => one.run),
      ),
    ]);
  }
  const busy = (await state.locks.all()).find((lock) => lock.run === run && !lock.free);
  if (busy !== undefined) throw new RefusedError('refused', [goesOn(run, busy.host, busy.pid)]);
  return kept;
}

const unknownRun = (run: string, known: readonly string[]) =>
  complaint(
    'ETL0941',
    `there is no run ${run}`,
    known.length === 0 ? 'There was none in this environment yet.' : `The last ones are ${known.join(', ')}.`,
    'A run in the lab is found with --lab, one of another environment with --env.',
  );

const goesOn = (run: string, host: string, pid: number) =>
  complaint(
    'ETL0942',
    `the run ${run} still goes on: process ${pid} on ${host}`,
    'Wait until it is done, or end it.',
  );

const moved = (run: string, names: readonly string[]) =>
  complaint(
    'ETL0943',
    `the project is another one than when the run ${run} was planned`,
    ...names.map((name) => `${name}.`),
    '`etl run` goes on from where that run has stopped, with the project as it is now.',
  );
