import { accountStream } from '../model/accounts.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import { complaint } from '../model/errors.ts';
import type { Allowance } from '../model/estimate.ts';
import { beyondEstimate } from '../model/estimate-allowance.ts';
import type { ExtractStep } from '../model/plan.ts';
import type { Position } from '../model/position.ts';
import type { Part } from './received.ts';
import type { RunServices } from './run-services.ts';

/**
 * Reads as much of a stream as is left of its quota, or as its plan allows. The rest of the window stays open, and the next
 * run goes on there: the findings say so.
 */
export async function withinAllowance(
  step: ExtractStep,
  { allowances, staging }: RunServices,
  read: (part: Pick<Part, 'pagesMax'>) => Promise<readonly Diagnostic[]>,
): Promise<readonly Diagnostic[]> {
  const { stream } = step;
  const name = accountStream(stream);
  const allowance = allowances?.get(name);
  if (allowance === undefined) return read({});
  // A listing that is not begun must not pass for one that is empty.
  if (allowance.pages === 0) return [leftOpen(name, allowance)];
  const found = await read({ pagesMax: allowance.pages });
  return isEnded(step, await staging.position(stream)) ? found : [...found, leftOpen(name, allowance)];
}

/** A range has an end of its own. */
const isEnded = ({ backfill }: ExtractStep, { cursor, open }: Position): boolean =>
  open === undefined && (backfill === undefined || cursor === backfill.window.to);

const leftOpen = (stream: string, allowance: Allowance): Diagnostic =>
  allowance.kind === 'quota' ? quotaLeft(stream, allowance) : beyondEstimate(stream, allowance);

const quotaLeft = (
  stream: string,
  { pages, quota, resetsAt }: Extract<Allowance, { readonly kind: 'quota' }>,
): Diagnostic => ({
  ...complaint(
    'ETL0331',
    `${stream} was not read to its end: the quota \`${quota}\` had ${pages} ${pages === 1 ? 'page' : 'pages'} left for it`,
    `It begins anew at ${resetsAt}; the next run goes on where this one has stopped.`,
  ),
  severity: 'warning',
});
