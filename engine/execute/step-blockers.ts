import type { BlockerKind, Problem, Standing } from '../model/blocker.ts';
import { type Diagnostic, hasErrors } from '../model/diagnostic.ts';
import { ExplainedError } from '../model/errors.ts';
import type { LoadStep, Plan, Step, StopPlan } from '../model/plan.ts';
import { redacted, tooManyBlocked } from './findings.ts';
import type { RunServices } from './run-services.ts';

/** Credentials that were refused, tokens that cannot be had. */
const authCodes = /^ETL0(?:404|43\d)$/;
/** Quotas that are used up, bans, permits that nobody gets. */
const limitCodes = /^ETL0(?:414|421|423|424|425|451|452|453)$/;
/** The staging database itself: where it fails, nothing can be noted in it. Checks and policies are not it. */
const stagingCodes = /^ETL060\d$/;

/**
 * Opens Blockers for what stopped a step, or resolves those of one that has succeeded. Where that fails, the step's own
 * failure is what is told.
 */
export async function decided(
  plan: Plan,
  { staging, references, runId }: RunServices,
  step: Step,
  found: readonly Diagnostic[],
): Promise<void> {
  if (!hasErrors(found)) return staging.blockers.settle(settledBy(step), runId);
  const hidden = found.map((diagnostic) => redacted(diagnostic, references));
  await staging.blockers.raise(problemsOf(plan, step, hidden), runId).catch((error: unknown) => {
    if (!(error instanceof ExplainedError)) throw error;
  });
}

/** How many wait for a person; a ledger that cannot be asked any more has said so already. */
export const openBlockers = ({ staging }: RunServices): Promise<number> =>
  staging.blockers.count({ status: 'open' }).catch((error: unknown) => {
    if (error instanceof ExplainedError) return 0;
    throw error;
  });

/** What of a step's errors a person must decide. */
function problemsOf(plan: Plan, step: Step, errors: readonly Diagnostic[]): readonly Problem[] {
  const where = placeOf(plan, step);
  return errors
    .filter(({ code, severity }) => severity === 'error' && !stagingCodes.test(code))
    .map(({ code, summary, help }) => ({
      ...where,
      kind: kindOf(step, code),
      code,
      property: checkOf(step, summary),
      reason: summary,
      value: help.join('\n'),
      step: step.id,
    }));
}

function placeOf(plan: Plan, step: Step): Pick<Problem, 'source' | 'account' | 'stream' | 'mapping'> {
  if (step.kind === 'rename') return { source: '', account: '', stream: '', mapping: '' };
  if (step.kind === 'extract' || step.kind === 'sweep' || step.kind === 'remap') {
    const { source, account, name } = step.stream;
    const mapping = step.kind === 'remap' ? step.mapping : '';
    return { source, account, stream: `${source}.${name}`, mapping };
  }
  if (step.kind === 'reconcile') return { source: '', account: '', stream: '', mapping: '' };
  const stream = plan.mappings[step.mapping]?.stream ?? '.';
  return { source: stream.split('.')[0] ?? '', account: 'default', stream, mapping: step.mapping };
}

function kindOf({ kind }: Step, code: string): BlockerKind {
  switch (kind) {
    case 'extract':
    case 'sweep':
      if (authCodes.test(code)) return 'auth';
      return limitCodes.test(code) ? 'limit' : 'stream';
    case 'remap':
      return 'stream';
    case 'define':
      return 'schema';
    default:
      return 'load';
  }
}

/** Several checks of a mapping may fail at once: each is a problem of its own. */
const checkOf = (step: Step, summary: string): string =>
  step.kind === 'check'
    ? (step.checks.find(({ id }) => summary.startsWith(`the check ${id} of `))?.id ?? '')
    : '';

/** Steps whose Blockers are done once this one has succeeded: a load comes only after all others of its mapping. */
function settledBy(step: Step): readonly string[] {
  // A sweep that was not due has shown nothing: it says itself when it is through.
  if (step.kind === 'sweep') return [];
  if (step.kind !== 'load') return [step.id];
  return ['load', 'define', 'check', 'reload', 'remap'].map((kind) => `${kind} ${step.mapping}`);
}

/** Why a mapping must not be loaded: too many of its rows are blocked. Its readers are told how many. */
export async function stoppedLoad(
  { mapping, stop, statements }: LoadStep,
  { staging, warehouse }: RunServices,
): Promise<Diagnostic | undefined> {
  if (stop === undefined) return undefined;
  const standing = await staging.blockers.standing(mapping);
  const why = stoppedBy(stop, standing);
  if (why === undefined) return undefined;
  await warehouse.complete(statements, { blockers: standing.open });
  return tooManyBlocked(mapping, why);
}

/** Whether a mapping is kept from being loaded, in words: `120 rows are blocked, more than 100`. */
function stoppedBy(stop: StopPlan, { open, blockedRows, stagedRows }: Standing): string | undefined {
  if (stop.above !== undefined && open > stop.above) return `${rowsText(open)}, more than ${stop.above}`;
  const share = blockedRows / Math.max(1, blockedRows + stagedRows);
  if (stop.aboveShare === undefined || share <= stop.aboveShare) return undefined;
  const of = `of ${(blockedRows + stagedRows).toLocaleString('en')} that are about to be loaded`;
  return `${rowsText(blockedRows)} ${of}, more than ${percent(stop.aboveShare)}`;
}

const rowsText = (rows: number): string =>
  rows === 1 ? '1 row is blocked' : `${rows.toLocaleString('en')} rows are blocked`;

const percent = (share: number): string => `${Number((share * 100).toFixed(4))} %`;
