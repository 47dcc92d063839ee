import type { BudgetView, LimitView } from '../model/budget-view.ts';
import type { FreezeStatus, Waiting } from '../model/ports.ts';
import { durationText } from '../model/units.ts';
import { markdownText, tableText } from './table.ts';
import { clockText, freezeText, waitText } from './waits-text.ts';

export interface LimitsTextOptions {
  readonly nowMs: number;
  readonly format: 'text' | 'markdown';
}

const head = ['budget', 'declared', 'fill', 'next', 'factor', 'drift', 'frozen until, and why'];
const right = [false, false, false, true, true, true, false];
const barCells = 10;

/** How budgets stand, a line for each limit, and below who waits. */
export function limitsText(budgets: readonly BudgetView[], options: LimitsTextOptions): string {
  if (budgets.length === 0) return 'No source declares a limit: requests leave as fast as they are answered.';
  const rows = budgets.flatMap((budget) => [
    budgetRow(budget, options),
    ...budget.limits.map((limit) => limitRow(limit, budget, options)),
  ]);
  const table =
    options.format === 'markdown' ? markdownText(head, rows, right) : tableText(head, rows, right);
  const waiting = budgets.flatMap((budget) => budget.waiting);
  return [
    table,
    '',
    ...(waiting.length === 0 ? ['Nobody waits.'] : waiting.map((one) => waitLine(one, options))),
  ].join('\n');
}

function budgetRow(budget: BudgetView, { nowMs }: LimitsTextOptions): readonly string[] {
  const { domain, sources, processes, freezes } = budget;
  const others = sources.filter((source) => source !== domain);
  const shared = others.length > 0 ? ` (${others.join(', ')})` : '';
  const using = processes > 1 ? `, ${processes} processes` : '';
  const frozen = freezes.filter(({ limit }) => limit === undefined);
  return [`${domain}${shared}${using}`, '', '', '', '', '', freezesText(frozen, nowMs)];
}

function limitRow(
  limit: LimitView,
  { freezes }: BudgetView,
  { nowMs }: LimitsTextOptions,
): readonly string[] {
  const { id, partition, declared, fill, nextMs, rateFactor, drift } = limit;
  const frozen = freezes.filter(
    (one) => one.limit === id && (one.partition === undefined || one.partition === partition),
  );
  return [
    `  ${id}${partition === '' ? '' : ` [${partition}]`}`,
    declared,
    `${bar(fill)} ${percent(fill)}`,
    nextMs <= 0 ? 'now' : durationText(nextMs),
    percent(rateFactor),
    drift === undefined ? '' : percent(drift),
    freezesText(frozen, nowMs),
  ];
}

const freezesText = (freezes: readonly FreezeStatus[], nowMs: number): string =>
  freezes.map((freeze) => freezeText(freeze, nowMs)).join('; ');

/** A share between 0 and 1, in whole percent: only what is all used up shows 100 %, and only what is unused 0 %. */
function percent(share: number): string {
  const whole = Math.round(share * 100);
  if (share > 0 && whole === 0) return '1 %';
  return share < 1 && whole === 100 ? '99 %' : `${whole} %`;
}

function bar(fill: number): string {
  const full = Math.max(0, Math.min(barCells, Math.round(fill * barCells)));
  return '█'.repeat(full) + '░'.repeat(barCells - full);
}

function waitLine(waiting: Waiting, { nowMs, format }: LimitsTextOptions): string {
  const { stream, domain, sinceMs } = waiting;
  const since = sinceMs === undefined ? '' : ` since ${clockText(nowMs - sinceMs, nowMs)}`;
  return `${format === 'markdown' ? '- ' : ''}${stream} (${domain})${since}: ${waitText(waiting)}`;
}
