import { isDestructive } from '../model/ddl.ts';
import type { NodeChange, PlanChanges } from '../model/plan-changes.ts';

const signs = { added: '+', removed: '-', changed: '~' } as const;

/** What differs from the plan that was applied last, one line each. */
export function changesLines({ since, nodes }: PlanChanges): readonly string[] {
  if (since === undefined) return ['No plan was applied here yet: all of it is new.'];
  if (nodes.length === 0)
    return [`Nothing has changed since the plan that was applied last (${since.slice(0, 12)}).`];
  return [
    `Since the plan that was applied last (${since.slice(0, 12)}):`,
    ...nodes.flatMap(({ node, change, details }: NodeChange) => [
      `  ${signs[change]} ${node}`,
      ...details.map((detail) => `      ${detail}`),
    ]),
  ];
}

/** Whose DDL takes something away. */
export const destructiveLines = ({ destructive }: PlanChanges): readonly string[] =>
  destructive.length === 0 ? [] : [`DESTRUCTIVE: the DDL of ${destructive.join(', ')} takes something away.`];

/** A statement of DDL, marked where it takes something away. */
export const markedStatement = (statement: string): string =>
  isDestructive(statement) ? `DESTRUCTIVE: ${statement}` : statement;
