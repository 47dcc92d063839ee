import { atAccount } from '../model/accounts.ts';
import { cursorValue } from '../model/batch.ts';
import type { PlanEstimate } from '../model/estimate.ts';
import { pathText } from '../model/path.ts';
import type {
  BackfillPlan,
  DefineStep,
  DeletesPlan,
  ExtractStep,
  LoadStep,
  MappingPlan,
  Plan,
  SourcePlan,
  Step,
  StreamPlan,
  SweepStep,
} from '../model/plan.ts';
import type { PlanChanges } from '../model/plan-changes.ts';
import { needsRows } from '../model/staged-rows.ts';
import { declaredName } from '../model/sweep.ts';
import { durationText } from '../model/units.ts';
import { changesLines, destructiveLines, markedStatement } from './changes-text.ts';
import { estimateLines, quotaLines } from './estimate-text.ts';

/** What is said of a plan besides its steps. */
export interface PlanNotes {
  readonly estimate?: PlanEstimate;
  readonly changes?: PlanChanges;
}

const indent = (text: string, by: string): string =>
  text
    .split('\n')
    .map((line) => by + line)
    .join('\n');

/** The plan for people: the very steps that a run performs, in order, with their SQL when `sql` says so. */
export function planText(plan: Plan, sql: boolean, notes: PlanNotes = {}): string {
  const steps = plan.steps.map((step, at) => `${at + 1}. ${stepText({ plan, sql, ...notes }, step)}`);
  const needs = plan.references.map(({ reference, at }) => `  ${reference}  (${at})`);
  return [
    `Plan ${plan.id.slice(0, 12)} of ${plan.project} in ${plan.environment}: ${plan.staging.dialect} → ${warehouseText(plan)}`,
    ...(plan.steps.some(({ kind }) => kind === 'extract')
      ? []
      : ['No request is made: everything comes from pages that are kept.']),
    ...(notes.changes ? destructiveLines(notes.changes) : []),
    '',
    ...steps,
    ...block(notes.estimate && quotaLines(notes.estimate)),
    ...block(notes.changes && changesLines(notes.changes)),
    ...(needs.length > 0 ? ['', 'A run needs:', ...needs] : []),
    ...(sql ? [] : ['', 'With --sql the statements are shown, too.']),
  ].join('\n');
}

const block = (lines: readonly string[] = []): readonly string[] =>
  lines.length === 0 ? [] : ['', ...lines];

const warehouseText = ({ warehouse }: Plan): string =>
  warehouse.type === 'duckdb' ? `duckdb ${warehouse.path}` : `${warehouse.type}, schema ${warehouse.schema}`;

interface Shown extends PlanNotes {
  readonly plan: Plan;
  readonly sql: boolean;
}

const stepText = (shown: Shown, step: Step): string =>
  [`${step.id}: ${step.reason}`, ...detail(shown, step).map((line) => indent(line, '     '))].join('\n');

function detail({ plan, sql, estimate }: Shown, step: Step): readonly string[] {
  switch (step.kind) {
    case 'extract':
      return [
        ...extractDetail(step, plan.sources[atAccount(step.stream.source, step.stream.account)], estimate),
        ...step.mappings.flatMap((name) => mappingDetail(plan, name, step.stream)),
      ];
    case 'sweep':
      return [sweepText(step)];
    case 'rename':
      return step.rename.what === 'mapping' ? step.rename.statements : [];
    case 'reconcile':
    case 'remap':
    case 'reload':
      return [];
    case 'check':
      return step.checks.map(({ id, severity }) => (severity === 'warn' ? `${id} (warns)` : id));
    case 'define':
      return [...(step.changes ?? []), ...ownText(step), ...step.statements.map(markedStatement)];
    case 'load':
      return [
        ...(sql ? [] : [`merge by ${plan.mappings[step.mapping]?.key.join(', ') ?? ''}`]),
        ...(step.notes ?? []),
        ...ownText(step),
        ...(sql
          ? step.statements.map(({ name, sql: text }) => `-- ${name}${ofProject(step, name)}\n${text}`)
          : []),
      ];
  }
}

/** Which statements come from templates of the project. */
const ownText = ({ own = {} }: DefineStep | LoadStep): readonly string[] =>
  Object.entries(own).map(([name, file]) => `the project’s own template: ${name} (${file})`);

const ofProject = ({ own = {} }: LoadStep, name: string): string =>
  own[name] === undefined ? '' : ` (${own[name]})`;

const rangeText = ({ sliceMs, share }: BackfillPlan, cursor: StreamPlan['cursor']): string => {
  const slices = sliceMs === undefined ? '' : `, ${durationText(sliceMs)} at a time`;
  const by = cursor === undefined ? '' : ` by ${pathText(cursor.field)}`;
  return `a range${by}${slices}, with ${share * 100} % of each limit and behind all others; newer versions of its rows stay`;
};

function changesText({ cursor, parent, source }: StreamPlan): string {
  if (parent === undefined) return changedText(cursor);
  const which = parent.all ? 'is kept' : 'came since it was last read';
  return `${changedText(parent.cursor, '')} of each record of ${source}.${parent.stream} that ${which}`;
}

function changedText(cursor: StreamPlan['cursor'], why = ', since no cursor is declared'): string {
  if (cursor === undefined) return `everything${why}`;
  const first =
    cursor.start === undefined ? '' : `, at first since ${cursorValue(cursor.type, cursor.start)}`;
  return `what changed by ${pathText(cursor.field)}${lookback(cursor.lookbackMs)}${first}`;
}

function extractDetail(
  { stream, backfill }: ExtractStep,
  source: SourcePlan | undefined,
  estimate: PlanEstimate | undefined,
): readonly string[] {
  const limits = source?.budget.limits.map(({ id, declared }) => `${id} ${declared}`).join('; ');
  const { cursor, paginate } = stream;
  const window = backfill ? rangeText(backfill, cursor) : changesText(stream);
  return [
    `${stream.request.method} ${source?.baseUrl ?? ''}${stream.request.path}, pages by ${paginate.type}`,
    `fetches ${window}`,
    ...(estimate === undefined ? [] : estimateLines(stream, estimate)),
    limits === undefined || limits === ''
      ? 'no limit is declared'
      : `limits: ${limits} (requests leave below them, with headroom)`,
  ];
}

const lookback = (ms: number): string => (ms === 0 ? '' : `, ${durationText(ms)} back`);

function mappingDetail(plan: Plan, name: string, stream: StreamPlan): readonly string[] {
  const mapping = plan.mappings[name];
  if (mapping === undefined) return [];
  const table = `${mapping.schema}.${mapping.table}`;
  if (mapping.stream !== `${stream.source}.${declaredName(stream.name)}`)
    return [`→ ${table}: what is listed leaves it`];
  const slow = mapping.properties.filter(({ origin }) => origin.kind === 'expr').map(({ name }) => name);
  const note = slow.length === 0 ? '' : `; slow JSONata in ${slow.join(', ')}`;
  return [
    `→ ${table}: ${mapping.properties.length} properties${note}`,
    ...(mapping.deletes === undefined ? [] : [`  ${deletesText(mapping.deletes)}`]),
    ...rowsText(plan, mapping),
  ];
}

/** Where `staging: {rows: false}` does not hold. */
function rowsText(plan: Plan, { name }: MappingPlan): readonly string[] {
  const reason = needsRows(plan, name);
  if (plan.staging.rows !== false || reason === undefined) return [];
  const why = reason === 'checks' ? 'its checks look at them' : 'what leaves the table is found among them';
  return [`  its rows are staged in spite of \`staging: {rows: false}\`: ${why}`];
}

function sweepText({ sweep: { everyMs, threshold, pagesPerMinute } }: SweepStep): string {
  const pace =
    pagesPerMinute === undefined
      ? 'all of it in one run, since no limit is declared'
      : `${Number(pagesPerMinute.toPrecision(2))} pages for each minute since its last read`;
  return `every ${durationText(everyMs)}, ${pace}; deletes nothing when more than ${threshold * 100} % would go`;
}

/** Which rows leave a table, and what that means. */
function deletesText({ how, children, flags, streams, sweep, listing }: DeletesPlan): string {
  const reasons = [
    ...(listing
      ? ['what the whole listing no longer has']
      : children
        ? ['lines that their record no longer has']
        : []),
    ...flags.map(
      (flag) => `records with ${[...new Set(flag.map(({ text }) => text))].join(' and ')} as declared`,
    ),
    ...streams.map(({ stream }) =>
      sweep && stream.includes('~') ? 'what a sweep finds gone' : `what ${stream} lists`,
    ),
  ];
  const what = how === 'soft' ? 'get a `_deleted_at`' : 'are removed';
  return `${reasons.join(', ')}: these rows ${what}`;
}
