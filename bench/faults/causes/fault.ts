import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Ended } from '../../support/ended.ts';
import { type Command, complaints } from '../command.ts';
import { type Ground, startPhase } from '../ground.ts';
import { settle, type Verdict, Watch } from '../trial.ts';

/** Something that goes wrong, caused for real. */
export interface Fault {
  readonly name: string;
  /** Only with this staging database. */
  readonly dialect?: 'sqlite' | 'postgres';
  /** Why it cannot be caused on this machine. */
  readonly missing?: () => string | undefined;
  perform(ground: Ground): Promise<Verdict>;
}

/** A project that meets a fault. */
export interface Struck {
  readonly ground: Ground;
  readonly folder: string;
  readonly watch: Watch;
}

/** A fault that strikes a project in its first run. `strike` gives what was not as it should be, in sentences. */
export const fault = (
  name: string,
  strike: (struck: Struck) => Promise<readonly string[]>,
  more: Pick<Fault, 'dialect' | 'missing'> = {},
): Fault => ({
  name,
  ...more,
  async perform(ground) {
    const folder = await ground.project('first');
    const watch = new Watch(ground, 'first', folder);
    try {
      const found = await strike({ ground, folder, watch });
      const verdict = await settle(ground, 'first', folder, watch);
      return { ...verdict, name, kills: 0, problems: [...found, ...verdict.problems] };
    } finally {
      await watch.end();
      await ground.remove(folder);
    }
  },
});

/** Runs the project's command; what it asked for is watched. */
export const runStruck = ({ ground, folder, watch }: Struck): Promise<Ended> =>
  watch.run(() => startPhase(ground, 'first', folder).ended);

/**
 * Runs the project's command, and does something while it stands still at a boundary; and something else when it has ended,
 * before anybody looks at what it left.
 */
export async function standing(
  { ground, folder, watch }: Struck,
  boundary: string,
  meanwhile: (command: Command) => Promise<void>,
  afterwards: () => Promise<void> = async () => {},
): Promise<Ended> {
  const waitFile = join(folder, 'waiting');
  return watch.run(async () => {
    const command = startPhase(ground, 'first', folder, { waitAt: boundary, waitFile });
    let over = false;
    const ended = command.ended.finally(() => {
      over = true;
    });
    while (!over && !existsSync(waitFile)) await delay(5);
    if (over) throw new Error(`the run did not come to ${boundary}`);
    try {
      await meanwhile(command);
    } finally {
      rmSync(waitFile, { force: true });
    }
    return ended.finally(afterwards);
  });
}

/** A sentence when two things differ. */
export const same = (what: string, found: unknown, expected: unknown): readonly string[] =>
  found === expected ? [] : [`${what}: ${String(found)} instead of ${String(expected)}`];

/** What is not as it should be with a run that was to fail, and to say why. */
export const failed = (ended: Ended, code: string): readonly string[] => [
  ...same('exit code', ended.code, 1),
  ...(complaints(ended).includes(code) ? [] : [`${code} is not among ${complaints(ended).join(' ')}`]),
];
