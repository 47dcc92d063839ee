import { seeded } from '../support/seeded.ts';
import { chosenBoundaries } from './boundaries.ts';
import { type Ground, type Phase, phases } from './ground.ts';
import { type Death, trial, type Verdict } from './trial.ts';

/** A trial that is to be done on some ground. */
export interface Planned {
  readonly group: string;
  readonly name?: string;
  perform(ground: Ground): Promise<Verdict>;
}

/** In the second run, what is only done the first time, or the same way, is not tried again. */
const ofSecondRun = /^(?:staging\.|warehouse: )/;

/** A kill at each boundary of both phases; of `most`, spread evenly. */
export function boundaryKills({ references }: Ground, most = Number.POSITIVE_INFINITY): readonly Planned[] {
  const all = phases.flatMap((phase) =>
    chosenBoundaries(references[phase].boundaries)
      .filter((at) => phase === 'first' || ofSecondRun.test(at))
      .map(
        (at): Planned => ({
          group: 'kill at a boundary',
          name: `${phase}: ${at}`,
          perform: (ground) => killed(ground, phase, [boundaryDeath(at)]),
        }),
      ),
  );
  const step = Math.max(1, all.length / most);
  return all.filter((_, at) => Math.floor(at / step) !== Math.floor((at - 1) / step));
}

/** Of a run's time, the part that is certainly the start of the program. */
const startShare = 0.3;
/** Share of trials whose second run is killed, too. */
const againShare = 0.3;

/** Kills at instants that depend on the seed alone, over the whole time that a run takes. */
export function randomKills(count: number, seed: number): readonly Planned[] {
  const random = seeded(seed);
  return Array.from({ length: count }, (_, at) => {
    const phase = phases[at % phases.length] ?? 'first';
    const instant = (): DrawnDeath => {
      const share = startShare + random() * (1 - startShare);
      return (draw, elapsedMs) => ({ afterMs: elapsedMs * share * earlier ** draw });
    };
    const instants = random() < againShare ? [instant(), instant()] : [instant()];
    return { group: 'kill at any instant', perform: (ground) => killed(ground, phase, instants) };
  });
}

/** When a run was over before its time had come, an earlier one is tried. */
const earlier = 0.7;
const drawsMax = 6;

type DrawnDeath = (draw: number, elapsedMs: number) => Death;

/** How pages share transactions differs from run to run: the last time may be an earlier one. */
const boundaryDeath =
  (boundary: string): DrawnDeath =>
  (draw) => ({ at: boundary.replace(/\d+$/, (times) => String(Math.ceil(Number(times) * earlier ** draw))) });

async function killed(ground: Ground, phase: Phase, deaths: readonly DrawnDeath[]): Promise<Verdict> {
  const { elapsedMs } = ground.references[phase];
  for (let draw = 0; ; draw += 1) {
    const verdict = await trial(
      ground,
      phase,
      deaths.map((death) => death(draw, elapsedMs)),
    );
    if (verdict.kills > 0 || draw === drawsMax) return verdict;
  }
}
