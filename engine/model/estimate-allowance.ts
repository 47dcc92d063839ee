import type { Diagnostic } from './diagnostic.ts';
import { complaint } from './errors.ts';
import type { Allowance } from './estimate.ts';

type OfEstimate = Extract<Allowance, { readonly kind: 'estimate' }>;

const percent = (share: number): string => `${Number((share * 100).toPrecision(3))} %`;

const allowed = ({ pages, expected, over }: OfEstimate): string =>
  `The plan expected about ${expected} requests for its pages, and allows ${percent(over)} more: ${pages}.`;

/** A stream has asked for all that its saved plan allows, and there is more. */
export const beyondEstimate = (stream: string, allowance: OfEstimate): Diagnostic =>
  complaint(
    'ETL0336',
    `${stream} was stopped: there is more of it than its plan allows`,
    `${allowed(allowance)} What was read is staged, and nothing of it is lost.`,
    'Make a new plan with `etl plan --out`, which goes on where this run has stopped; `--allow-over` says how much more a plan allows.',
  );

/** There is more to do now than a saved plan allows; nothing was asked for. */
export const pastEstimate = (stream: string, allowance: OfEstimate, now: number): Diagnostic =>
  complaint(
    'ETL0336',
    `${stream} needs about ${now} requests by now, more than its plan allows`,
    `${allowed(allowance)} Nothing was asked for.`,
    'Make a new plan with `etl plan --out`; `--allow-over` says how much more a plan allows.',
  );
