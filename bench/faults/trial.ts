import { setTimeout as delay } from 'node:timers/promises';
import type { Ended } from '../support/ended.ts';
import { audit, complaints } from './command.ts';
import { type Ground, type Phase, type Reference, runPhase, startPhase, warehouseOf } from './ground.ts';
import { accountOf, type OpenWindow, openWindows } from './ledger-view.ts';
import type { StagingPlace } from './staging-place.ts';
import { difference, warehouseView } from './warehouse-tables.ts';

/** How a run dies: at a boundary by its own hand, or after a time by ours. */
export type Death = { readonly at: string } | { readonly afterMs: number };

/** What came of a project that was disturbed and run again until it succeeded. */
export interface Verdict {
  readonly name: string;
  readonly kills: number;
  readonly runs: number;
  readonly lost: number;
  readonly doubled: number;
  /** Requests for pages that were kept already. */
  readonly refetched: number;
  /** Most pages that a kill found asked for and not kept. */
  readonly inFlight: number;
  readonly units: number;
  readonly accounted: number;
  /** What else is wrong, in sentences. */
  readonly problems: readonly string[];
}

/** Runs that may fail before one has to succeed. */
const recoveriesMax = 3;
/** Pages on their way: four that are not staged yet, the one that is read, and the one that is asked for meanwhile. */
const inFlightMax = 6;

/** Counts what each run asks for. */
export class Watch {
  readonly #ground: Ground;
  readonly #phase: Phase;
  readonly #folder: string;
  readonly #endings: (() => void | Promise<void>)[] = [];
  readonly problems: string[] = [];
  runs = 0;
  refetched = 0;
  inFlight = 0;

  constructor(ground: Ground, phase: Phase, folder: string) {
    this.#ground = ground;
    this.#phase = phase;
    this.#folder = folder;
  }

  /** Does this when the verdict is found. */
  atEnd(work: () => void | Promise<void>): void {
    this.#endings.push(work);
  }

  async end(): Promise<void> {
    for (const work of this.#endings.splice(0)) await work();
  }

  /** Does what runs the command once, and looks at what it asked for. `anew`: repeated requests are the fault's. */
  async run(work: () => Promise<Ended>, { anew = false } = {}): Promise<Ended> {
    const { asked } = this.#ground.labs[this.#phase];
    const before = await this.#windows();
    const from = asked.length;
    const ended = await work();
    this.runs += 1;
    const requests = asked.slice(from);
    this.problems.push(...wrongBeginnings(requests, before));
    if (!anew) this.refetched += refetchedOf(requests, before);
    if (ended.signal !== null)
      this.inFlight = Math.max(
        this.inFlight,
        ...(await this.#windows()).map((one) => notKept(requests, one)),
      );
    return ended;
  }

  #windows(): Promise<readonly OpenWindow[]> {
    return openWindows(this.#ground.place, this.#folder);
  }
}

const endpointOf = (request: string): string => request.split('?')[0] ?? '';
const isSweep = ({ stream }: OpenWindow): boolean => stream.includes('~');

/** What a run asks of a stream first must be where its window was left; a sweep asks after the stream itself. */
const wrongBeginnings = (requests: readonly string[], windows: readonly OpenWindow[]): readonly string[] =>
  windows
    .filter((window) => !isSweep(window))
    .flatMap(({ next }) => {
      const begins = requests.find((request) => endpointOf(request) === endpointOf(next));
      return begins === undefined || begins === next ? [] : [`the run began at ${begins}, not at ${next}`];
    });

/** Requests for pages that were kept already. What a first run has asked for, the sweep after it asks for as well. */
function refetchedOf(requests: readonly string[], windows: readonly OpenWindow[]): number {
  const swept = (request: string): number =>
    endpointOf(request).endsWith('/carts') && !request.includes('updated_since=') ? 1 : 0;
  let refetched = 0;
  for (const window of windows) {
    for (const request of window.kept) {
      const times = requests.filter((one) => one === request).length;
      refetched += Math.max(0, times - (isSweep(window) ? 0 : swept(request)));
    }
  }
  return refetched;
}

/** Pages that a run has asked for and left unkept; of a sweep nobody can tell, since its stream may ask for the same. */
const notKept = (requests: readonly string[], window: OpenWindow): number =>
  isSweep(window)
    ? 0
    : requests.filter((one) => endpointOf(one) === endpointOf(window.next) && !window.kept.has(one)).length;

/** Runs a project that dies, and again until it succeeds, and compares it with the one that nobody disturbed. */
export async function trial(ground: Ground, phase: Phase, deaths: readonly Death[]): Promise<Verdict> {
  const folder = await ground.project(phase);
  const watch = new Watch(ground, phase, folder);
  let kills = 0;
  try {
    for (const death of deaths) {
      const ended = await watch.run(() => die(ground, phase, folder, death));
      if (ended.signal === null) break;
      kills += 1;
    }
    const name = `${phase}: ${deaths.map(deathText).join(', ')}`;
    return { ...(await settle(ground, phase, folder, watch)), name, kills };
  } finally {
    await ground.remove(folder);
  }
}

const deathText = (death: Death): string =>
  'at' in death ? death.at : `after ${Math.round(death.afterMs)} ms`;

async function die(ground: Ground, phase: Phase, folder: string, death: Death): Promise<Ended> {
  if ('at' in death) return startPhase(ground, phase, folder, { killAt: death.at }).ended;
  const { child, ended } = startPhase(ground, phase, folder);
  const over = new AbortController();
  void delay(death.afterMs, undefined, { signal: over.signal }).then(
    () => child.kill('SIGKILL'),
    () => {},
  );
  return ended.finally(() => over.abort());
}

/** Runs until the command succeeds, and judges what is there then. */
export async function settle(
  ground: Ground,
  phase: Phase,
  folder: string,
  watch: Watch,
): Promise<Omit<Verdict, 'name' | 'kills'>> {
  const failures: string[] = [];
  while (failures.length < recoveriesMax) {
    const ended = await watch.run(() => runPhase(ground, phase, folder));
    if (ended.code === 0) break;
    failures.push(`a run after it ended with ${ended.code ?? ended.signal}: ${complaints(ended).join(' ')}`);
  }
  const { problems, ...judged } = await judge(ground.place, folder, ground.references[phase]);
  const { runs, refetched, inFlight } = watch;
  if (inFlight > inFlightMax) failures.push(`${inFlight} pages were in flight`);
  return { runs, refetched, inFlight, ...judged, problems: [...failures, ...watch.problems, ...problems] };
}

/** Compares a project with one that nobody disturbed, and with its own ledger. */
export async function judge(
  place: StagingPlace,
  folder: string,
  { tables, blocked }: Pick<Reference, 'tables' | 'blocked'>,
): Promise<Pick<Verdict, 'lost' | 'doubled' | 'units' | 'accounted' | 'problems'>> {
  const view = await warehouseView(warehouseOf(folder));
  const { lost, doubled, examples } = difference(view.tables, tables);
  const account = await accountOf(place, folder, view);
  const without = (these: ReadonlySet<string>, those: ReadonlySet<string>): readonly string[] =>
    [...these].filter((one) => !those.has(one));
  const aside = [
    ...without(blocked, account.blocked).map((one) => `${one} is not blocked`),
    ...without(account.blocked, blocked).map((one) => `${one} is blocked`),
  ];
  const { status, accounted_percent: percent } = await audit(folder, place.env(folder));
  const audited = status === 'accounted' && percent === 100 ? [] : [`etl audit says ${status}: ${percent} %`];
  const { units, accounted, problems } = account;
  return { lost, doubled, units, accounted, problems: [...examples, ...problems, ...aside, ...audited] };
}
