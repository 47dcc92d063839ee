import type { Diagnostic } from '../model/diagnostic.ts';
import { complaint } from '../model/errors.ts';
import type { Allowance } from '../model/estimate.ts';
import type { ExtractStep } from '../model/plan.ts';
import type { Part } from './received.ts';
import type { RunServices } from './run-services.ts';

/**
 * Reads as much of a stream as is left of its quota. The rest of the window stays open, and the next run goes on there: the
 * findings say so.
 */
export async function withinQuota(
  { stream }: ExtractStep,
  { allowances, staging }: RunServices,
  read: (part: Pick<Part, 'pagesMax'>) => Promise<readonly Diagnostic[]>,
): Promise<readonly Diagnostic[]> {
  const name = `${stream.source}.${stream.name}`;
  const allowance = allowances?.get(name);
  if (allowance === undefined) return read({});
  // A listing that is not begun must not pass for one that is empty.
  if (allowance.pages === 0) return [leftOpen(name, allowance)];
  const found = await read({ pagesMax: allowance.pages });
  const { open } = await staging.position(stream);
  return open === undefined ? found : [...found, leftOpen(name, allowance)];
}

const leftOpen = (stream: string, { pages, quota, resetsAt }: Allowance): Diagnostic => ({
  ...complaint(
    'ETL0331',
    `${stream} was not read to its end: the quota \`${quota}\` had ${pages} ${pages === 1 ? 'page' : 'pages'} left for it`,
    `It begins anew at ${resetsAt}; the next run goes on where this one has stopped.`,
  ),
  severity: 'warning',
});
