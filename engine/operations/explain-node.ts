import { atAccount } from '../model/accounts.ts';
import type { BlockerFilter, Blockers } from '../model/blocker.ts';
import type { LastRun, NodeExplanation } from '../model/explanation.ts';
import type { GraphNode } from '../model/graph.ts';
import { loadLock } from '../model/locks.ts';
import type { Plan, Step } from '../model/plan.ts';
import type { PlanChanges } from '../model/plan-changes.ts';
import type { SourceDocument } from '../model/project.ts';
import type { Runs, State, StreamState } from '../model/state-port.ts';
import { streamRefs } from '../model/stream-refs.ts';
import { declaredName } from '../model/sweep.ts';
import { originsOf } from './origins.ts';

/** Runs that are looked at for the last one of a node, and Blockers that are shown. */
const runsMax = 50;
const blockersMax = 5;

export interface ExplainedProject {
  readonly plan: Plan;
  readonly graph: readonly GraphNode[];
  readonly changes: PlanChanges;
  readonly documents: readonly SourceDocument[];
  /** Of the project, whatever the plan calls it in the lab. */
  readonly environment: string;
  /** Absent where no run was made yet. */
  readonly ledger?: { readonly state: State; readonly blockers: Blockers };
  /** Why there is no plan that a run could perform. */
  readonly refused: readonly string[];
  /** Why a load is not due, in words. */
  readonly deferred: (mapping: string) => Promise<string | undefined>;
}

/** Why a node would be selected, skipped or changed, and what would come of it. */
export async function explainNode(node: GraphNode, project: ExplainedProject): Promise<NodeExplanation> {
  const { plan, graph, changes, ledger } = project;
  const visible = graph.filter(({ account }) => account === undefined || account === node.account);
  const steps = plan.steps.filter((step) => concerns(step, node, plan));
  return {
    ...node,
    feeds: visible.filter(({ from }) => from.includes(node.name)).map(({ name }) => name),
    ...(changes.since !== undefined && { since: changes.since }),
    changes: changes.nodes.filter((change) => isNamed(change.node.split(' ').at(-1) ?? '', node)),
    values: originsOf(node, plan.mappings[node.name], project.environment, project.documents),
    positions: ledger === undefined ? [] : await positionsOf(node, plan, ledger.state),
    ...(ledger !== undefined && (await lastRunOf(node, ledger.state.runs))),
    ...(await blockersOf(node, ledger?.blockers)),
    // Without a plan that fits the tables nobody knows what a run would do: it does not begin.
    next: project.refused.length > 0 ? [] : steps.map(({ id, reason }) => ({ id, reason })),
    held: await heldBy(node, project),
  };
}

const streamIn = (step: Step): string | undefined =>
  'stream' in step ? `${step.stream.source}.${declaredName(step.stream.name)}` : undefined;

/** A node of one account, and its name without that. */
const withoutAccount = ({ name }: GraphNode): string => name.split('@')[0] ?? '';

/** Whether what a plan calls so is the node, or that of one of its accounts. */
const isNamed = (called: string, node: GraphNode): boolean =>
  node.account === undefined
    ? called.split('@')[0] === node.name
    : called === atAccount(withoutAccount(node), node.account);

/** Whether a step of a plan is about a node: a mapping's own steps and the read of its stream. */
function concerns(step: Step, node: GraphNode, { mappings }: Pick<Plan, 'mappings'>): boolean {
  const { kind, account } = node;
  const name = withoutAccount(node);
  if (step.kind === 'reconcile') return false;
  if (account !== undefined && 'stream' in step && step.stream?.account !== account) return false;
  if (kind === 'source') return streamIn(step)?.split('.')[0] === name;
  if (kind === 'stream') return streamIn(step) === name;
  if ('mapping' in step) return step.mapping === name;
  return streamIn(step) === mappings[name]?.stream;
}

async function positionsOf(
  node: GraphNode,
  plan: Plan,
  { positions }: State,
): Promise<readonly StreamState[]> {
  const { kind, account: only } = node;
  const name = withoutAccount(node);
  const isOwn = (full: string): boolean =>
    kind === 'mapping' ? plan.mappings[name]?.stream === full : full === name || full.split('.')[0] === name;
  const found = await positions.streams(
    streamRefs(plan).filter(
      ({ source, name: stream, account }) =>
        isOwn(`${source}.${declaredName(stream)}`) && (only === undefined || account === only),
    ),
  );
  return kind === 'mapping'
    ? found.map((one) => ({ ...one, mappings: one.mappings.filter(({ mapping }) => mapping === name) }))
    : found;
}

async function lastRunOf(node: GraphNode, runs: Runs): Promise<{ readonly lastRun?: LastRun }> {
  for (const { run, startedAt, status } of await runs.last(runsMax)) {
    const kept = await runs.find(run);
    const steps = (kept?.plan.steps ?? [])
      .filter((step) => kept !== undefined && concerns(step, node, kept.plan))
      .map(({ id }) => ({ id, status: kept?.steps.get(id) ?? 'not performed' }));
    if (steps.length > 0) return { lastRun: { run, status, startedAt, steps } };
  }
  return {};
}

async function blockersOf(
  { name, kind }: GraphNode,
  blockers: Blockers | undefined,
): Promise<Pick<NodeExplanation, 'openBlockers' | 'blockers'>> {
  if (blockers === undefined || kind === 'source') return { openBlockers: 0, blockers: [] };
  const filter: BlockerFilter = {
    status: 'open',
    ...(kind === 'mapping' ? { mapping: name } : { stream: name }),
  };
  const found = await blockers.find(filter, blockersMax);
  return {
    openBlockers: await blockers.count(filter),
    blockers: found.map(({ id, code, account, record, property, reason }) => ({
      ...{ id, code, account, record, property, reason },
    })),
  };
}

/** What is in the way: a lock that somebody holds, a load that is not due, a change that waits for a person. */
async function heldBy(
  node: GraphNode,
  { plan, ledger, refused, deferred }: ExplainedProject,
): Promise<readonly string[]> {
  const stream = node.kind === 'mapping' ? plan.mappings[node.name]?.stream : node.name;
  const locks = ledger === undefined ? [] : await ledger.state.locks.all();
  const taken = locks
    .filter(({ name, free }) => !free && (name === `extract:${stream}` || name === loadLock))
    .map(({ run, what }) => `run ${run} is ${what}`);
  const held = plan.steps.flatMap((step) =>
    step.kind === 'define' && step.mapping === node.name && step.held !== undefined
      ? [step.held.summary]
      : [],
  );
  const late = node.kind === 'mapping' ? await deferred(node.name) : undefined;
  return [...refused, ...taken, ...held, ...(late === undefined ? [] : [late])];
}
