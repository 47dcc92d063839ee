import { defaultAccount } from '../model/accounts.ts';
import type { NodeExplanation } from '../model/explanation.ts';
import { streamLines } from './state-text.ts';
import { count } from './table.ts';

/** An explanation of a node for people, from what it is to what comes next. */
export function nodeText(node: NodeExplanation): string {
  const made = node.from.length === 0 ? '' : `, made of ${node.from.join(', ')}`;
  const feeds =
    node.feeds.length === 0
      ? ''
      : `; ${node.feeds.join(', ')} ${node.feeds.length === 1 ? 'is' : 'are'} made of it`;
  return [
    `${node.kind} ${node.name}${made}${feeds}`,
    ...section('Change', changeLines(node)),
    ...section(
      'Values',
      node.values.map(({ name, origin, at }) => `${name}: ${origin}${at === undefined ? '' : `  (${at})`}`),
    ),
    ...section('Position', node.positions.flatMap(streamLines)),
    ...section('Last run', lastRunLines(node)),
    ...section('Blockers', blockerLines(node)),
    ...section('Next', nextLines(node)),
  ].join('\n');
}

const section = (title: string, lines: readonly string[]): readonly string[] =>
  lines.length === 0 ? [] : ['', `${title}:`, ...lines.map((line) => `  ${line}`)];

function changeLines({ since, changes }: NodeExplanation): readonly string[] {
  if (since === undefined) return ['no plan was applied here yet: `state:modified` selects it'];
  const last = `the plan that was applied last (${since.slice(0, 12)})`;
  if (changes.length === 0) return [`the same as in ${last}: \`state:modified\` leaves it out`];
  return [
    `it differs from ${last}: \`state:modified\` selects it`,
    ...changes.flatMap(({ node, change, details }) => [
      `${node}: ${change}`,
      ...details.map((detail) => `  ${detail}`),
    ]),
  ];
}

function lastRunLines({ lastRun }: NodeExplanation): readonly string[] {
  if (lastRun === undefined) return ['none has had a step of it'];
  const { run, status, startedAt, steps } = lastRun;
  return [
    `${run}, ${status}, began at ${startedAt.slice(0, 19).replace('T', ' ')} UTC`,
    ...steps.map((step) => `${step.id}: ${step.status}`),
  ];
}

function blockerLines({ openBlockers, blockers }: NodeExplanation): readonly string[] {
  if (openBlockers === 0) return [];
  const more = openBlockers - blockers.length;
  return [
    ...blockers.map(
      ({ id, code, account, record, property, reason }) =>
        `#${id} ${code}${record === '' ? '' : ` record ${record}`}${account === defaultAccount ? '' : ` of ${account}`}${property === '' ? '' : `, ${property}`}: ${reason}`,
    ),
    ...(more > 0 ? [`and ${count(more)} more: \`etl blockers\``] : []),
  ];
}

const nextLines = ({ next, held }: NodeExplanation): readonly string[] => [
  ...(next.length === 0 ? ['nothing: a run has no step of it, or does not begin'] : []),
  ...next.map(({ id, reason }) => `${id}: ${reason}`),
  ...held.map((why) => `but not now: ${why}`),
];
