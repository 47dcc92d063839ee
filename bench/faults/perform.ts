import { type Bed, type Ground, layGround } from './ground.ts';
import type { Planned } from './kills.ts';
import type { StagingPlace } from './staging-place.ts';
import type { Verdict } from './trial.ts';

/** A verdict with where it belongs. */
export interface Judged extends Verdict {
  readonly dialect: string;
  readonly group: string;
}

export interface PerformOptions {
  readonly place: StagingPlace;
  readonly bed: Bed;
  /** Trials that are done at the same time, each with labs of its own. */
  readonly lanes: number;
  readonly plan: (ground: Ground) => readonly Planned[];
  /** Told of each trial when it is judged. */
  readonly judged: (verdict: Judged, done: number, of: number) => void;
}

/** Performs trials on one kind of staging database. A trial that cannot be judged is a problem, not the end. */
export async function perform(options: PerformOptions): Promise<readonly Judged[]> {
  const { place, bed, lanes, plan, judged } = options;
  const verdicts: Judged[] = [];
  const grounds: Ground[] = [];
  try {
    for (let lane = 0; lane < lanes; lane += 1) grounds.push(await layGround(place, bed));
    const [first] = grounds;
    if (first === undefined) return [];
    const trials = [...plan(first).entries()];
    const queue = trials.values();
    const work = async (ground: Ground): Promise<void> => {
      for (const [at, { group, perform: performOne }] of queue) {
        const verdict = await performOne(ground).catch((error: unknown) => unjudged(group, at, error));
        verdicts.push({ ...verdict, dialect: place.dialect, group });
        judged({ ...verdict, dialect: place.dialect, group }, verdicts.length, trials.length);
      }
    };
    await Promise.all(grounds.map(work));
  } finally {
    for (const ground of grounds) await ground.close();
  }
  return verdicts;
}

const unjudged = (group: string, at: number, error: unknown): Verdict => ({
  name: `${group} ${at}`,
  kills: 0,
  runs: 0,
  lost: 0,
  doubled: 0,
  refetched: 0,
  inFlight: 0,
  units: 0,
  accounted: 0,
  problems: [`could not be judged: ${error instanceof Error ? error.message : String(error)}`],
});
