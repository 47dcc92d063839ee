import type { Plan } from './plan.ts';

/**
 * Why the rows of a mapping are staged with their pages, whatever `staging: {rows: false}` says: something looks at them
 * before they are loaded. Undefined where nothing does.
 */
export function needsRows({ mappings, steps }: Plan, mapping: string): 'checks' | 'deletes' | undefined {
  // What leaves a table may come from other streams than its rows, and a sweep looks for what it has not seen.
  if (mappings[mapping]?.deletes !== undefined) return 'deletes';
  return steps.some((step) => step.kind === 'check' && step.mapping === mapping) ? 'checks' : undefined;
}
