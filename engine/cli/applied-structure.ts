import { graph, type Servable, selectNodes, servedUnder } from '../engine.ts';
import { defaultAccount } from '../model/accounts.ts';
import { RefusedError } from '../model/errors.ts';
import type { GraphNode } from '../model/graph.ts';
import type { Plan } from '../model/plan.ts';
import type { State } from '../model/state-port.ts';
import type { PlannedProject } from './planned.ts';

/** The project as it was read last, and what of it may be performed. */
export interface Standing extends Servable {
  readonly work: PlannedProject;
  /** Id of the plan that was applied last. */
  readonly since: string | undefined;
}

const changesNothing = { nodes: [], work: [], destructive: [] };

/** Whether a plan does more than to read and load. */
const hasWork = ({ steps }: Plan): boolean =>
  steps.some((step) =>
    step.kind === 'define'
      ? step.statements.length > 0
      : ['remap', 'reload', 'reconcile'].includes(step.kind),
  );

/**
 * What `etl serve` performs: the project as it was applied last. Files that change meanwhile count from when a plan with them
 * was applied, by whom and wherever that was.
 */
export class AppliedStructure {
  readonly #read: () => Promise<PlannedProject>;
  readonly #state: State;
  #standing: Standing | undefined;
  #isStale = true;

  /** `read` gives the project as its files have it now, with its databases closed again. */
  constructor(state: State, read: () => Promise<PlannedProject>) {
    this.#state = state;
    this.#read = read;
  }

  /** What may be performed now. Reads the project anew where another plan was applied, or something is held. */
  async look(): Promise<Standing> {
    const last = await this.#state.runs.lastApplied();
    const known = this.#standing;
    const isGood = !this.#isStale && known !== undefined && known.since === last?.id && !isHeld(known);
    if (isGood) return known;
    const work = await this.#read();
    this.#standing = { work, since: last?.id, ...servedUnder(last, work.plan) };
    this.#isStale = hasWork(work.plan);
    return this.#standing;
  }

  /** The databases may not be as they were: the next look compares the project with them. */
  forget(): void {
    this.#isStale = true;
  }
}

const isHeld = ({ refused, held }: Servable): boolean => refused.length > 0 || held.size > 0;

/** Without an account a name stands for all of a stream’s, where it has several. */
const nodeNamed = (nodes: readonly GraphNode[], stream: string): string =>
  nodes.some(({ name }) => name === `${stream}@${defaultAccount}`) ? `${stream}@${defaultAccount}` : stream;

/** The part of a plan that reads these streams and loads what is made of them. @throws RefusedError (exit 4) where it must not be */
export function servedPart({ work, refused, held }: Standing, streams: readonly string[]): Plan {
  const free = streams.filter((stream) => !held.has(stream));
  const reasons = [...refused, ...streams.flatMap((stream) => held.get(stream) ?? [])];
  if (refused.length > 0 || free.length === 0) throw new RefusedError('refused', reasons);
  const nodes = graph(work.project, work.plan);
  // Streams that are read for each record of one of these have schedules of their own.
  const readers = (stream: string): readonly string[] =>
    nodes.filter(({ kind, from }) => kind === 'mapping' && from.includes(stream)).map(({ name }) => name);
  const wanted = free.map((stream) => nodeNamed(nodes, stream));
  const selection = { select: wanted.flatMap((stream) => [stream, ...readers(stream)]), exclude: [] };
  const { plan, diagnostics } = selectNodes(work.project, work.plan, selection, changesNothing);
  if (plan === undefined) throw new RefusedError('invalid', diagnostics);
  return plan;
}
