import type { PlanEstimate, StreamEstimate } from '../model/estimate.ts';
import type { Plan } from '../model/plan.ts';
import type { PlanChanges } from '../model/plan-changes.ts';
import { changesLines, destructiveLines } from './changes-text.ts';
import { quotaLines } from './estimate-text.ts';
import { count } from './table.ts';

/** What a reviewer looks at first: what would be lost, what changes, the DDL, and what it costs. */
export const planMarkdown = (plan: Plan, estimate: PlanEstimate, changes: PlanChanges): string =>
  [
    ...destructiveLines(changes).map((line) => `⛔ **${line}**\n`),
    block(changesLines(changes)),
    ...definitions(plan),
    '| stream | requests | minutes | records |',
    '|---|--:|--:|--:|',
    ...estimate.streams.map(streamRow),
    ...quotaLines(estimate).map((line) => `\n${line.trim()}`),
  ].join('\n');

const block = (lines: readonly string[]): string =>
  `\`\`\`diff\n${lines.map(unindented).join('\n')}\n\`\`\`\n`;

/** A diff is coloured by the first sign of a line. */
const unindented = (line: string): string => line.replace(/^ {2}([+-]) /, '$1 ').replace(/^ {2}~ /, '! ');

function definitions({ steps }: Plan): readonly string[] {
  const found = steps.flatMap((step) =>
    step.kind === 'define' && step.statements.length > 0
      ? [`- \`${step.mapping}\`: ${step.changes?.join('; ') ?? step.reason}`]
      : [],
  );
  return found.length === 0 ? [] : ['**DDL**', ...found, ''];
}

function streamRow({ stream, expected, unknown }: StreamEstimate): string {
  if (expected === undefined) return `| ${stream} | unknown: ${unknown ?? ''} | | |`;
  return `| ${stream} | ${count(expected.requests)} | ${expected.minutes.toFixed(1)} | ${expected.records === undefined ? '' : count(expected.records)} |`;
}
