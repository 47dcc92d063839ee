import { atAccount, defaultAccount } from '../model/accounts.ts';
import { isDestructive } from '../model/ddl.ts';
import type { MappingPlan, Plan, Step } from '../model/plan.ts';
import type { NodeChange, PlanChanges } from '../model/plan-changes.ts';
import type { MappingRename } from '../model/renames.ts';
import { canonical } from './canonical.ts';
import { type MovedNode, movedNodes, type Nodes, structureOf, workOf } from './nodes.ts';

/** Differences of one node that are named. */
const detailsMax = 6;
/** Characters up to which a value is shown. */
const shownMax = 40;

/** What a plan changes, beside the one that was applied last, and besides reading and loading. */
export function planChanges(last: Plan | undefined, now: Plan): PlanChanges {
  const present = structureOf(now);
  const then = last === undefined ? new Map() : withNewNames(structureOf(last), now.steps);
  const nodes = movedNodes(then, present, true)
    .filter(isOf(now))
    .map(
      ({ node, change }): NodeChange => ({
        node,
        change,
        details: change === 'changed' ? details(then.get(node), present.get(node)) : [],
      }),
    );
  return {
    ...(last !== undefined && { since: last.id }),
    nodes,
    work: [...workOf(now).keys()],
    destructive: now.steps.flatMap((step) =>
      step.kind === 'define' && step.statements.some(isDestructive) ? [step.mapping] : [],
    ),
  };
}

/** Of a backfill nothing else is said than what it is: it leaves most of the project out, and that is no change. */
const isOf =
  ({ steps }: Plan) =>
  ({ node, change }: MovedNode): boolean =>
    !steps.some((step) => step.kind === 'extract' && step.backfill !== undefined) ||
    (change !== 'removed' && !node.startsWith('the backfill of '));

function details(then: unknown, now: unknown): readonly string[] {
  const all = [...differences('', then, now)];
  return all.length <= detailsMax
    ? all
    : [...all.slice(0, detailsMax), `and ${all.length - detailsMax} more`];
}

/** Where two values differ, from the outside in: `properties.price.type: "double" → "decimal"`. */
function* differences(path: string, then: unknown, now: unknown): Iterable<string> {
  if (canonical(then ?? null) === canonical(now ?? null)) return;
  const [a, b] = [named(then), named(now)];
  if (a === undefined || b === undefined) {
    yield `${path === '' ? 'it' : path}: ${difference(then, now)}`;
    return;
  }
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  for (const key of [...keys].filter((one) => !derived.has(one)))
    yield* differences(below(path, key), a[key], b[key]);
}

/** Keys whose values follow from the others. */
const derived: ReadonlySet<string> = new Set(['hash', 'shape']);

const below = (path: string, key: string): string => (path === '' ? key : `${path}.${key}`);

/** An object, or a list of things with names as one. */
function named(value: unknown): { readonly [key: string]: unknown } | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  if (!Array.isArray(value)) return value as { readonly [key: string]: unknown };
  const names = value.map((item: unknown) => (item as { readonly name?: unknown } | null)?.name);
  if (value.length === 0 || !names.every((name) => typeof name === 'string')) return undefined;
  return Object.fromEntries(value.map((item: unknown, at) => [names[at] as string, item]));
}

function difference(then: unknown, now: unknown): string {
  if (then === undefined) return 'new';
  if (now === undefined) return 'gone';
  const [before, after] = [JSON.stringify(then), JSON.stringify(now)];
  return before.length <= shownMax && after.length <= shownMax ? `${before} → ${after}` : 'changed';
}

/** The parts of an earlier plan under the names that the present one gives them: a rename is a change, not an end and a beginning. */
function withNewNames(nodes: Nodes, steps: readonly Step[]): Nodes {
  const renames = steps.flatMap((step) => (step.kind === 'rename' ? [step.rename] : []));
  const nameNow = (full: string): string => {
    const [name = '', account = defaultAccount] = full.split('@');
    const found = renames.find(
      (one) => name === (one.what === 'stream' ? `${one.source}.${one.from}` : one.from),
    );
    if (found === undefined) return full;
    return found.what === 'stream' ? atAccount(`${found.source}.${found.to}`, account) : found.to;
  };
  return new Map(
    [...nodes].map(([node, value]) => {
      const words = node.split(' ');
      const name = nameNow(words.at(-1) ?? '');
      const rename = renames.find((one) => one.what === 'mapping' && one.to === name);
      const isMapping = node.startsWith('the mapping ') && rename?.what === 'mapping';
      return [
        [...words.slice(0, -1), name].join(' '),
        isMapping ? withNewColumns(value as MappingPlan, rename) : value,
      ];
    }),
  );
}

function withNewColumns(mapping: MappingPlan, { columns }: MappingRename): MappingPlan {
  const nameNow = (name: string): string => columns.find(({ from }) => from === name)?.to ?? name;
  const properties = mapping.properties.map((one) => ({ ...one, name: nameNow(one.name) }));
  return { ...mapping, key: mapping.key.map(nameNow), properties };
}
