import { Errors, Flags } from '@oclif/core';
import { plan } from '../engine.ts';
import { isMeant, namesOf } from '../model/accounts.ts';
import { assert, complaint, RefusedError } from '../model/errors.ts';
import { extractLock, heldBy } from '../model/locks.ts';
import type { Plan, StreamPlan } from '../model/plan.ts';
import type { Project } from '../model/project.ts';
import { emptyState } from '../model/snapshot.ts';
import type { State, StreamRef } from '../model/state-port.ts';
import { streamRefs } from '../model/stream-refs.ts';
import { systemClock } from '../services/clock.ts';
import { didYouMean, listText } from '../validate/suggest.ts';
import { BaseCommand, type CommonFlags, commonFlags } from './base-command.ts';
import { inLab } from './in-lab.ts';
import { ofSeveral } from './limits-target.ts';
import { version } from './package.ts';
import { databases } from './state.ts';

/** Flags that every command about the ledger understands. */
export const stateFlags = {
  ...commonFlags,
  lab: Flags.boolean({ description: 'The state of runs in the lab.' }),
};

/** Of commands that change everything at once. */
export const allFlags = {
  all: Flags.boolean({ description: 'All of them; asks for --confirm.' }),
  confirm: Flags.string({
    description: 'The name of the environment, so that --all is never a slip.',
    helpValue: 'ENVIRONMENT',
  }),
};

/** A stream as the plan has it, and as the ledger knows it. */
export interface KnownStream {
  readonly stream: StreamPlan;
  readonly ref: StreamRef;
}

/** What a command about the ledger works with. */
export interface StateWork {
  readonly project: Project;
  /** Of the project alone: the warehouse, which a run may be loading, is not opened. */
  readonly plan: Plan;
  readonly state: State;
  readonly streams: readonly KnownStream[];
  /** Whether there is a staging database yet. None is made. */
  readonly exists: boolean;
  /** Makes it. */
  migrate(): Promise<void>;
}

/** A command about positions, pages, runs and locks. */
export abstract class StateCommand extends BaseCommand {
  /** Opens the ledger for as long as `use` lasts. */
  protected async ledger<T>(
    flags: CommonFlags & { readonly lab: boolean },
    use: (work: StateWork) => Promise<T>,
  ): Promise<T> {
    const checked = await this.project(flags);
    const project = flags.lab ? inLab(checked.project) : checked.project;
    const compiled = plan(checked, project, version, emptyState);
    if (compiled.plan === undefined) throw new RefusedError('invalid', compiled.diagnostics);
    const { staging, warehouse, state } = await databases(project);
    try {
      const exists = await staging.exists();
      if (exists) await staging.migrate();
      return await use({
        project,
        plan: compiled.plan,
        state,
        streams: streamsOf(compiled.plan),
        exists,
        migrate: () => staging.migrate(),
      });
    } finally {
      await Promise.all([staging.close(), warehouse.close()]);
    }
  }
}

function streamsOf(plan: Plan): readonly KnownStream[] {
  const refs = new Map(streamRefs(plan).map((ref) => [extractLock(ref), ref]));
  return plan.steps.flatMap((step) => {
    if (step.kind !== 'extract') return [];
    const ref = refs.get(extractLock(step.stream));
    return ref === undefined ? [] : [{ stream: step.stream, ref }];
  });
}

/** The stream of this name, of one account. @throws RefusedError (exit 3) when no mapping reads one, or for several accounts. */
export function knownStream(work: StateWork, name: string): KnownStream {
  const [found, ...others] = knownStreams(work, name);
  assert(found, 'a name that is known is that of a stream');
  if (others.length > 0)
    throw ofSeveral(
      name,
      [found, ...others].map(({ stream }) => stream),
    );
  return found;
}

/** The stream of this name, of each account that it is read for. @throws RefusedError (exit 3) when no mapping reads one. */
export function knownStreams({ streams }: StateWork, name: string): readonly KnownStream[] {
  const found = streams.filter(({ stream }) => isMeant(stream, name));
  if (found.length > 0) return found;
  const known = namesOf(streams.map(({ stream }) => stream));
  const guess = didYouMean(name, known);
  throw new RefusedError('invalid', [
    complaint(
      'ETL0906',
      `there is no stream ${name} that a mapping reads${guess === undefined ? '' : `: ${guess}`}`,
      `The project has: ${listText(known)}.`,
    ),
  ]);
}

/** The same; also one of an account that its source no longer names, as long as the ledger knows it. */
export async function knownOrLeft(work: StateWork, name: string): Promise<KnownStream> {
  const [full = '', account] = name.split('@');
  const alike = work.streams.find(({ stream }) => isMeant(stream, full));
  if (
    account === undefined ||
    alike === undefined ||
    work.streams.some(({ stream }) => isMeant(stream, name))
  )
    return knownStream(work, name);
  const ref = { ...alike.ref, account };
  const [left] = work.exists ? await work.state.positions.streams([ref]) : [];
  const isKnown = left !== undefined && (left.fetched.at !== undefined || left.pages.all > 0);
  return isKnown ? { stream: { ...alike.stream, account }, ref } : knownStream(work, name);
}

/** One name or --all with the environment's name, never both. @throws CLIError (exit 64) */
export function chosen(
  what: string,
  name: string | undefined,
  { all, confirm }: { readonly all: boolean; readonly confirm?: string | undefined },
  environment: string,
): void {
  if (name === undefined && !all) throw new Errors.CLIError(`name ${what}, or say --all`);
  if (name !== undefined && all) throw new Errors.CLIError(`name ${what} or say --all, not both`);
  if (all && confirm !== environment)
    throw new Errors.CLIError(
      `--all changes everything in the environment ${environment}: confirm it with --confirm ${environment}`,
    );
}

/** Does the work while no run reads these streams. @throws RefusedError (exit 4) when one does. */
export async function whileIdle<T>(
  { state }: StateWork,
  streams: readonly KnownStream[],
  what: string,
  work: () => Promise<T>,
): Promise<T> {
  const names = streams.map(({ stream }) => extractLock(stream));
  const taken: string[] = [];
  try {
    for (const name of names) {
      const holder = await state.locks.take({ name, run: `etl state (${process.pid})`, what });
      if (holder !== undefined) throw new RefusedError('refused', [heldBy(holder, systemClock.now())]);
      taken.push(name);
    }
    return await work();
  } finally {
    await state.locks.release(taken);
  }
}
