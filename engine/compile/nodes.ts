import { accountStream } from '../model/accounts.ts';
import type { Plan, Step } from '../model/plan.ts';
import { declaredName } from '../model/sweep.ts';
import { canonical } from './canonical.ts';

/** The parts of a plan under the names that people know. */
export type Nodes = ReadonlyMap<string, unknown>;

/** The structure of a plan, node by node: what the project says, whatever the state is. */
export function structureOf(plan: Plan): Nodes {
  const { engine, staging, warehouse, redis, sources, mappings, steps } = plan;
  const found = new Map<string, unknown>([
    ['the version of etl', compatible(engine)],
    ['the staging database', { ...staging, keep: null }],
    ['the warehouse', warehouse],
    ['redis', redis ?? null],
  ]);
  for (const [name, source] of Object.entries(sources)) found.set(`the source ${name}`, source);
  for (const [name, mapping] of Object.entries(mappings)) found.set(`the mapping ${name}`, mapping);
  for (const step of steps) {
    const node = stepNode(step);
    if (node !== undefined) found.set(...node);
  }
  return found;
}

function stepNode(step: Step): readonly [string, unknown] | undefined {
  switch (step.kind) {
    case 'extract':
      if (step.backfill !== undefined)
        return [`the backfill of ${step.backfill.of}`, [step.stream, step.backfill]];
      return [`the stream ${accountStream(step.stream)}`, step.stream];
    case 'sweep':
      return [
        `the sweep of ${accountStream({ ...step.stream, name: declaredName(step.stream.name) })}`,
        step.sweep,
      ];
    case 'check':
      return [`the checks of ${step.mapping}`, step.checks];
    case 'load':
      return [`the load of ${step.mapping}`, step.statements];
    default:
      return undefined;
  }
}

/** Versions with the same one compile and perform plans alike: the major one, or `0.` and the minor one before 1.0. */
function compatible(engine: string): string {
  const [major = '', minor = ''] = engine.split('.');
  return major === '0' ? `0.${minor}` : major;
}

/** What a plan does besides reading and loading, as state has it: these steps and no others. */
export function workOf({ steps }: Plan): Nodes {
  return new Map(
    steps.flatMap((step): readonly (readonly [string, unknown])[] => {
      if (step.kind === 'define')
        return step.statements.length === 0 ? [] : [[`the DDL of ${step.mapping}`, step.statements]];
      return ['rename', 'remap', 'reload', 'reconcile'].includes(step.kind)
        ? [[`the step \`${step.id}\``, step.reason]]
        : [];
    }),
  );
}

export interface MovedNode {
  readonly node: string;
  readonly change: 'added' | 'removed' | 'changed';
}

/**
 * What of one plan differs from another. Steps of the run itself may be a part of a plan: what they lack is not new there,
 * unless `whole` says that both have all of them.
 */
export function movedNodes(then: Nodes, now: Nodes, whole = false): readonly MovedNode[] {
  const differing = [...then].flatMap(([node, before]): readonly MovedNode[] => {
    if (!now.has(node)) return [{ node, change: 'removed' }];
    return canonical(before) === canonical(now.get(node)) ? [] : [{ node, change: 'changed' }];
  });
  const isNew = (node: string): boolean =>
    !then.has(node) && (whole || /^the (?:source|mapping) /.test(node));
  const added = [...now.keys()].filter(isNew).map((node) => ({ node, change: 'added' }) as const);
  return [...differing, ...added];
}

const words = { added: 'is new', removed: 'is gone', changed: 'has changed' } as const;

/** `the mapping orders has changed`. */
export const movedText = ({ node, change }: MovedNode): string => `${node} ${words[change]}`;
