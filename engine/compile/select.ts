import { accountStream, atAccount } from '../model/accounts.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import { complaint } from '../model/errors.ts';
import { type GraphNode, type Tags, withoutAccounts } from '../model/graph.ts';
import type { Plan, Step } from '../model/plan.ts';
import type { PlanChanges } from '../model/plan-changes.ts';
import type { KeptPages } from '../model/position.ts';
import { withId } from './canonical.ts';
import { downstream, graphOf, streamNode, upstream } from './graph.ts';
import { neededReferences } from './needed-references.ts';

export interface Selection {
  readonly select: readonly string[];
  readonly exclude: readonly string[];
}

/** What a selector may ask about a project beside its plan. */
export interface SelectContext {
  readonly tags: Tags;
  /** Nodes that differ from the last applied plan, for `state:modified`. */
  readonly modified: ReadonlySet<string>;
}

export interface Selected {
  /** The part of the plan; absent when a diagnostic is an error. */
  readonly plan?: Plan;
  readonly diagnostics: readonly Diagnostic[];
}

/** The part of a plan that selectors choose. */
export function select(plan: Plan, selection: Selection, context: SelectContext): Selected {
  const { names, diagnostics } = selected(plan, selection, context);
  if (diagnostics.length > 0) return { diagnostics };
  return { plan: selectedPlan(plan, names, nodesOf(plan, context)), diagnostics };
}

const nodesOf = (plan: Plan, { tags }: SelectContext): readonly GraphNode[] =>
  graphOf(plan, tags).filter(({ kind }) => kind !== 'table');

/**
 * The nodes that selectors choose: names with `*`, `tag:NAME`, `state:modified`; `+` before one adds what it is made of, and
 * after it what is made of it. Without a selector all are chosen. One that matches nothing is a mistake: a run that silently
 * does nothing looks like one that went well.
 */
function selected(
  plan: Plan,
  { select: wanted, exclude }: Selection,
  context: SelectContext,
): { readonly names: ReadonlySet<string>; readonly diagnostics: readonly Diagnostic[] } {
  const graph = nodesOf(plan, context);
  const diagnostics: Diagnostic[] = [];
  const chosenBy = (selectors: readonly string[]): ReadonlySet<string> => {
    const names = new Set<string>();
    for (const selector of selectors) {
      const found = matched(graph, selector, context);
      if (found.size === 0) diagnostics.push(nothingSelected(selector, graph));
      for (const name of found) names.add(name);
    }
    return names;
  };
  const chosen = wanted.length === 0 ? new Set(graph.map(({ name }) => name)) : chosenBy(wanted);
  const left = chosenBy(exclude);
  return { names: new Set([...chosen].filter((name) => !left.has(name))), diagnostics };
}

function matched(graph: readonly GraphNode[], selector: string, context: SelectContext): ReadonlySet<string> {
  const [, before = '', method = '', after = ''] = /^(\+?)(.*?)(\+?)$/.exec(selector) ?? [];
  const own = new Set(graph.filter((node) => matches(node, method, context)).map(({ name }) => name));
  const all = new Set([
    ...own,
    ...(before === '' ? [] : upstream(graph, own)),
    ...(after === '' ? [] : downstream(graph, own)),
  ]);
  return new Set([...all, ...graph.filter((node) => isMeant(node, own, all)).map(({ name }) => name)]);
}

/** An account of a source stands for all that is read from it, and a stream for that of each account. */
const isMeant = (
  { name, kind, account, from }: GraphNode,
  own: ReadonlySet<string>,
  all: ReadonlySet<string>,
): boolean =>
  kind === 'stream' && account !== undefined && (all.has(name.split('@')[0] ?? '') || own.has(from[0] ?? ''));

function matches({ name, tags, account }: GraphNode, method: string, context: SelectContext): boolean {
  if (method.startsWith('tag:')) return tags.includes(method.slice('tag:'.length));
  if (method === 'state:modified') return context.modified.has(nodeName(name, account));
  const pattern = method.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${pattern.join('.*')}$`).test(name);
}

/** As plans name what is the account `default`’s. */
const nodeName = (name: string, account: string | undefined): string =>
  account === undefined ? name : atAccount(name.split('@')[0] ?? '', account);

const nothingSelected = (selector: string, graph: readonly GraphNode[]): Diagnostic =>
  complaint(
    'ETL0350',
    `\`${selector}\` selects nothing`,
    `There are: ${withoutAccounts(graph)
      .map(({ name }) => name)
      .join(', ')}.`,
    'A selector is a name (`order_lines`, `shop.orders`, `shop.*`), `tag:NAME` or `state:modified`; `+NAME` adds what it is made of, `NAME+` what is made of it. `etl ls` lists all.',
  );

/**
 * The part of a plan that concerns the chosen nodes. A stream that is read stages rows for all of its mappings; a mapping that
 * is chosen alone is made of what is staged.
 */
function selectedPlan(plan: Plan, names: ReadonlySet<string>, graph: readonly GraphNode[]): Plan {
  const reads = (step: Step): string | undefined =>
    step.kind === 'extract' || step.kind === 'sweep' ? streamNode(graph, step.stream) : undefined;
  const staged = new Set(
    plan.steps.flatMap((step) => (names.has(reads(step) ?? '') && 'mappings' in step ? step.mappings : [])),
  );
  const isChosen = (step: Step): boolean => {
    if (step.kind === 'reconcile' || step.kind === 'rename') return true;
    const stream = reads(step);
    if (stream !== undefined) return names.has(stream);
    if (!('mapping' in step)) return false;
    // What is read now must not be staged beside rows of an older mapping.
    return names.has(step.mapping) || (step.kind === 'remap' && staged.has(step.mapping));
  };
  const mappings = Object.entries(plan.mappings).filter(([name]) => names.has(name) || staged.has(name));
  const steps = plan.steps.filter(isChosen);
  const read = steps.flatMap((step) =>
    step.kind === 'extract' || step.kind === 'sweep' ? [step.stream] : [],
  );
  const part: Plan = { ...plan, partial: true, mappings: Object.fromEntries(mappings), steps };
  return withId({ ...part, references: neededReferences(part, read) });
}

/** Names of the nodes that are new or changed: of `the checks of order_lines` its mapping. */
export const modifiedNodes = ({ nodes }: PlanChanges): ReadonlySet<string> =>
  new Set(nodes.flatMap(({ node, change }) => (change === 'removed' ? [] : (node.split(' ').at(-1) ?? []))));

/**
 * Streams that are read for the records of another one, which is neither read with them nor kept: there is nothing to ask
 * for. A warning, since what comes with the next whole run is not lost.
 */
export const withoutParents = (
  { steps }: Plan,
  kept: ReadonlyMap<string, KeptPages>,
): readonly Diagnostic[] =>
  steps.flatMap((step): Diagnostic[] => {
    if (step.kind !== 'extract' || step.stream.parent === undefined) return [];
    const { source, account, parent } = step.stream;
    const above = accountStream({ source, account, name: parent.stream });
    const isRead = steps.some((one) => one.kind === 'extract' && accountStream(one.stream) === above);
    if (isRead || (kept.get(above)?.kept ?? 0) > 0) return [];
    const name = accountStream(step.stream);
    const help = `It is read for records in kept pages, and there are none. \`+${name}\` reads ${above} first.`;
    return [
      {
        ...complaint('ETL0351', `${name} is chosen without ${above}, of which no page is kept`, help),
        severity: 'warning',
      },
    ];
  });
