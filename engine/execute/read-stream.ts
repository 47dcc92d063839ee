import { accountStream } from '../model/accounts.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import type { ExtractStep } from '../model/plan.ts';
import { backfill, sparing } from './backfill.ts';
import type { Listing } from './gone.ts';
import { passing } from './parents.ts';
import type { Part } from './received.ts';
import type { RunServices } from './run-services.ts';
import { wholeListing } from './whole-listing.ts';
import { withinAllowance } from './within-allowance.ts';

/** Reads a stream on, or a range of it once more, as far as that is allowed. `extract` reads one window. */
export const readStream = (
  step: ExtractStep,
  run: Listing,
  extract: (read: ExtractStep, part: Part, services: RunServices) => Promise<readonly Diagnostic[]>,
): Promise<readonly Diagnostic[]> =>
  withinAllowance(step, run.services, (cap) => {
    if (step.backfill === undefined)
      return wholeListing(step, run, (part) =>
        passing(step.stream, run.services, () => extract(step, { ...part, ...cap }, run.services)),
      );
    const services = sparing(run.services, step.backfill);
    const account = run.ledger.stream(accountStream(step.stream));
    return backfill(step, services, { ...cap, pagesRead: () => account.pages }, (slice, part) =>
      extract(slice, part, services),
    );
  });
