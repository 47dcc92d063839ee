import { accountStream } from '../model/accounts.ts';
import { versionsTable } from '../model/columns.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import { complaint } from '../model/errors.ts';
import type { PlanEstimate } from '../model/estimate.ts';
import type { Plan } from '../model/plan.ts';
import { appliedAlready, type BackfillAsked, type PlanState, type SavedPlan } from '../model/saved-plan.ts';
import type { WarehouseTable } from '../model/snapshot.ts';
import { isBackfill } from '../model/sweep.ts';
import { canonical, sha256, withId } from './canonical.ts';
import { evidenceFindings } from './evidence.ts';
import { type MovedNode, movedNodes, movedText, type Nodes, structureOf, workOf } from './nodes.ts';

/** How a plan is saved. */
export interface SaveOptions {
  readonly nonce: string;
  readonly expiresMs: number;
  readonly fromLedger: boolean;
  readonly backfill?: BackfillAsked;
  readonly allowOver: number;
  readonly estimate: PlanEstimate;
}

/** A plan as it goes into a file. */
export function savePlan(state: PlanState, { nonce, expiresMs, ...options }: SaveOptions): SavedPlan {
  const { plan, nowMs, stagingSchema, positions } = state;
  const evidence = state.gate?.newest;
  const time = (ms: number): string => new Date(ms).toISOString();
  return {
    formatVersion: 1,
    planId: plan.id,
    nonce,
    createdAt: time(nowMs),
    expiresAt: time(nowMs + expiresMs),
    engine: plan.engine,
    project: plan.project,
    environment: plan.environment,
    once: isOnce(plan),
    nodes: {
      ...hashes(new Map([...structureOf(plan), ...tablesOf(state), ...workOf(plan)])),
      ...(evidence && { [evidenceNode]: evidence.hash }),
    },
    stagingSchema,
    positions,
    ...options,
    ...(evidence && { evidence }),
    plan,
  };
}

/** The part of a plan that is what was proven of other tables. */
const evidenceNode = 'the parity evidence';

/** Tables and names are changed once, and a range is read once. */
const isOnce = (plan: Plan): boolean =>
  [...workOf(plan).keys()].some((name) => name.startsWith('the DDL of ')) ||
  plan.steps.some(
    (step) => step.kind === 'rename' || (step.kind === 'extract' && step.backfill !== undefined),
  );

/** The text of a saved plan: canonical JSON. */
export const savedText = (saved: SavedPlan): string => `${canonical(saved)}\n`;

const hashes = (nodes: Nodes): SavedPlan['nodes'] =>
  Object.fromEntries([...nodes].map(([name, node]) => [name, sha256(canonical(node))]));

/** The columns of the tables that a plan loads into, as the warehouse has them. */
function tablesOf({ plan, tables }: PlanState): Nodes {
  const targets = Object.values(plan.mappings).flatMap(({ schema, table }) => [
    { schema, table },
    { schema, table: versionsTable(table) },
  ]);
  const found = targets.map(({ schema, table }): readonly [string, unknown] => {
    const known = tables.find((one) => one.schema === schema && one.table === table);
    return [`the table ${schema}.${table}`, columnsOf(known)];
  });
  return new Map(found.filter(([, columns]) => columns !== null));
}

const columnsOf = (table: WarehouseTable | undefined): unknown =>
  table === undefined
    ? null
    : [...table.columns].map(({ name, type }) => `${name} ${type}`).sort((a, b) => (a < b ? -1 : 1));

/** What keeps a saved plan from being performed now, one by one; nothing where it is as good as when it was made. */
export function staleness(
  saved: SavedPlan,
  now: PlanState,
  appliedBy: string | undefined,
): readonly Diagnostic[] {
  if (!isWhole(saved)) return [altered];
  const { plan } = now;
  if (saved.project !== plan.project || saved.environment !== plan.environment)
    return [elsewhere(saved, now)];
  if (saved.once && appliedBy !== undefined) return [appliedAlready(appliedBy)];
  const parts = [...movedStructure(saved, plan), ...movedTables(saved, now)];
  return [
    ...(now.nowMs > Date.parse(saved.expiresAt) ? [expired(saved)] : []),
    ...(saved.stagingSchema === now.stagingSchema ? [] : [migrated(saved, now)]),
    ...parts,
    // What else there is to do follows from them.
    ...(parts.length > 0 ? [] : otherWork(saved, now)),
    ...resets(saved, now),
    ...evidenceFindings(now.gate, saved.evidence, now.nowMs),
    ...(parts.length > 0 ? [] : movedRanges(saved, now)),
  ];
}

const movedStructure = (saved: SavedPlan, plan: Plan): readonly Diagnostic[] =>
  movedNodes(structureOf(saved.plan), structureOf(plan), true).map(moved);

/** Whether the file is the one that was written: its ids and hashes are those of the plan in it. */
function isWhole({ plan, planId, nodes, once, evidence }: SavedPlan): boolean {
  const own = hashes(new Map([...structureOf(plan), ...workOf(plan)]));
  return (
    withId(plan).id === plan.id &&
    plan.id === planId &&
    once === isOnce(plan) &&
    nodes[evidenceNode] === evidence?.hash &&
    Object.entries(own).every(([name, hash]) => nodes[name] === hash)
  );
}

function movedTables(saved: SavedPlan, now: PlanState): readonly Diagnostic[] {
  const isTable = ([name]: readonly [string, unknown]): boolean => name.startsWith('the table ');
  const then = new Map(Object.entries(saved.nodes).filter(isTable));
  return movedNodes(then, new Map(Object.entries(hashes(tablesOf(now)))), true).map(otherTable);
}

/** What the state asks for now and the plan does not do: without it rows could be lost. What is done already does no harm. */
function otherWork(saved: SavedPlan, { plan }: PlanState): readonly Diagnostic[] {
  const [planned, asked] = [workOf(saved.plan), workOf(plan)];
  return movedNodes(planned, asked, true).flatMap(({ node, change }) => {
    const isDdl = node.startsWith('the DDL of ');
    if (change === 'removed' || (change === 'changed' && !isDdl)) return [];
    if (change === 'changed') return [complaint('ETL0325', `${node} has changed since the plan`, planAnew)];
    const why = isDdl ? [] : [`${asked.get(node)}.`];
    return [complaint('ETL0328', `the plan lacks ${node}, which is needed now`, ...why, planAnew)];
  });
}

/** Somebody has begun or ended the range meanwhile: what was reviewed is not what is left of it. */
function movedRanges(saved: SavedPlan, now: PlanState): readonly Diagnostic[] {
  return saved.plan.steps.flatMap((step) => {
    if (step.kind !== 'extract' || step.backfill === undefined) return [];
    const name = accountStream(step.stream);
    const [then, present] = [saved.positions[name] ?? {}, now.positions[name] ?? {}];
    return canonical(then) === canonical(present) ? [] : [rangeMoved(step.backfill.of, then, present)];
  });
}

type ReadRange = SavedPlan['positions'][string];

const readText = ({ cursor, pages }: ReadRange): string => {
  if (cursor === undefined && pages === undefined) return 'not begun';
  return `read ${cursor === undefined ? '' : `up to ${cursor}`}${pages === undefined ? '' : ` with ${pages} pages of its next slice`}`.replace(
    / {2,}/g,
    ' ',
  );
};

const rangeMoved = (stream: string, then: ReadRange, now: ReadRange): Diagnostic =>
  complaint(
    'ETL0337',
    `the range of the backfill of ${stream} has moved`,
    `It was ${readText(then)} when the plan was made, and is ${readText(now)} now: another run has worked on it.`,
    planAnew,
  );

function resets(saved: SavedPlan, now: PlanState): readonly Diagnostic[] {
  return Object.entries(saved.positions).flatMap(([stream, { cursor }]) => {
    if (isBackfill(stream)) return [];
    const present = now.positions[stream];
    if (cursor === undefined || present === undefined) return [];
    if (present.cursor !== undefined && present.cursor >= cursor) return [];
    const where =
      present.cursor === undefined ? 'it is read from its beginning now' : `it stands at ${present.cursor}`;
    return [
      complaint(
        'ETL0327',
        `the cursor of ${stream} was reset`,
        `It stood at ${cursor} when the plan was made; ${where}.`,
        planAnew,
      ),
    ];
  });
}

const planAnew = 'Make a new plan with `etl plan --out`, and have it reviewed.';

const altered = complaint(
  'ETL0321',
  'the plan file is not as it was written',
  'Its hashes are not those of the plan in it: it was edited, or cut short.',
  planAnew,
);

const elsewhere = (saved: SavedPlan, { plan }: PlanState): Diagnostic =>
  complaint(
    'ETL0322',
    `the plan is for ${saved.project} in ${saved.environment}, not for ${plan.project} in ${plan.environment}`,
    'Name its project with `--project`, and its environment with `--env` or `--lab`.',
  );

const expired = ({ expiresAt }: SavedPlan): Diagnostic =>
  complaint('ETL0323', `the plan expired at ${expiresAt}`, planAnew);

const moved = (node: MovedNode): Diagnostic =>
  node.node === 'the version of etl'
    ? complaint('ETL0329', 'the plan was made by another major version of etl', planAnew)
    : complaint('ETL0325', `${movedText(node)} since the plan`, planAnew);

const otherTable = ({ node, change }: MovedNode): Diagnostic => {
  const what = { added: 'was made', removed: 'is gone', changed: 'has other columns' }[change];
  return complaint('ETL0326', `${node} ${what} since the plan`, planAnew);
};

const migrated = (saved: SavedPlan, now: PlanState): Diagnostic =>
  complaint(
    'ETL0330',
    'the staging database was migrated since the plan',
    `Its schema was ${saved.stagingSchema}, and is ${now.stagingSchema}.`,
    planAnew,
  );
