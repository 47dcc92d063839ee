import { Args } from '@oclif/core';
import { complaint, RefusedError } from '../../../model/errors.ts';
import type { LockView } from '../../../model/state-port.ts';
import { exitCodes } from '../../../report/exit-code.ts';
import { locksText } from '../../../report/state-text.ts';
import { systemClock } from '../../../services/clock.ts';
import { listText } from '../../../validate/suggest.ts';
import type { Outcome } from '../../base-command.ts';
import { allFlags, chosen, StateCommand, stateFlags } from '../../state-command.ts';

export default class StateUnlock extends StateCommand {
  static override readonly summary =
    'Take a lock away from a run that has died; without a name, list the locks.';
  static override readonly description =
    'Seldom needed: the lock of a run that died on this machine is free at once, and elsewhere within a minute. A run that still goes on stops before its next commit.';
  static override readonly examples = [
    '<%= config.bin %> state unlock',
    '<%= config.bin %> state unlock extract:shop.orders',
    '<%= config.bin %> state unlock --all --confirm production',
  ];
  static override readonly args = {
    name: Args.string({ description: 'The lock, as `etl state show` names it.' }),
  };
  static override readonly flags = { ...stateFlags, ...allFlags };

  protected override async perform(): Promise<Outcome> {
    const { args, flags } = await this.parse(StateUnlock);
    return this.ledger(flags, async (work) => {
      const locks = work.exists ? await work.state.locks.all() : [];
      if (args.name === undefined && !flags.all) return listed(locks);
      chosen('a lock', args.name, flags, work.project.environment);
      const taken: string[] = [];
      for (const name of namesOf(args.name, locks)) if (await work.state.locks.unlock(name)) taken.push(name);
      const text = unlockedText(taken, locks);
      return { exitCode: exitCodes.ok, result: { unlocked: taken }, diagnostics: [], text };
    });
  }
}

const listed = (locks: readonly LockView[]): Outcome => ({
  exitCode: exitCodes.ok,
  result: { locks },
  diagnostics: [],
  text: locksText(locks, systemClock.now()),
});

/** @throws RefusedError (exit 3) when nobody holds the lock of this name */
function namesOf(name: string | undefined, locks: readonly LockView[]): readonly string[] {
  if (name === undefined) return locks.map((lock) => lock.name);
  if (locks.every((lock) => lock.name !== name)) throw noLock(name, locks);
  return [name];
}

function unlockedText(taken: readonly string[], locks: readonly LockView[]): string {
  const held = locks.filter(({ name }) => taken.includes(name));
  if (held.length === 0) return 'Nobody holds a lock.';
  return held.map(freedText).join('\n');
}

function freedText({ name, run, pid, host, free }: LockView): string {
  const then = free ? '' : `; process ${pid} on ${host}, if it still goes on, stops before its next commit`;
  return `${name} is free. Run ${run} had it${then}.`;
}

const noLock = (name: string, locks: readonly LockView[]): RefusedError =>
  new RefusedError('invalid', [
    complaint(
      'ETL0945',
      `nobody holds the lock ${name}`,
      locks.length === 0
        ? 'There is no lock at all: the next run is not held up by one.'
        : `Locks that are held: ${listText(locks.map((lock) => lock.name))}.`,
    ),
  ]);
