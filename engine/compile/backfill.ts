import { accountStream, isMeant, namesOf } from '../model/accounts.ts';
import { cursorText } from '../model/batch.ts';
import type * as config from '../model/config.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import { complaint } from '../model/errors.ts';
import { parseInstant } from '../model/instant.ts';
import type { BackfillPlan, CursorPlan, ExtractStep, Plan, Step, StreamPlan } from '../model/plan.ts';
import type { BackfillAsked } from '../model/saved-plan.ts';
import { backfillOf } from '../model/sweep.ts';
import { parseDuration, parsePercent } from '../model/units.ts';
import { canonical, sha256, withId } from './canonical.ts';

/** A backfill as a plan has it, or what is wrong with it. */
export interface CompiledBackfill {
  readonly plan?: Plan;
  readonly diagnostics: readonly Diagnostic[];
}

/** A stream as a range of it is read once more: behind all others, under a name and with a position of its own. */
export function backfillStream({ cache: _, ...stream }: StreamPlan): StreamPlan {
  return { ...stream, name: backfillOf(stream.name), priority: 'low' };
}

/**
 * The part of a plan that reads a range of one stream once more, and loads what is made of it. Where the stream stands makes
 * no difference to it, and it makes none to where the stream stands.
 */
export function compileBackfill(
  plan: Plan,
  asked: BackfillAsked,
  declared: config.BackfillSettings = {},
): CompiledBackfill {
  const extracts = plan.steps.filter((step): step is ExtractStep => step.kind === 'extract');
  const all = extracts.filter(({ stream }) => isMeant(stream, asked.stream));
  const [found] = all;
  if (found === undefined) return refused(unknownStream(asked.stream, extracts));
  const { cursor } = found.stream;
  if (cursor === undefined || found.replaces !== undefined) return refused(notRanged(asked.stream, cursor));
  const [from, to] = [asked.from, asked.to].map((bound) => normalised(cursor, bound));
  if (from === undefined) return refused(noBound(asked.stream, '--from', asked.from, cursor));
  if (to === undefined) return refused(noBound(asked.stream, '--to', asked.to, cursor));
  if (from >= to) return refused(emptyRange(asked));
  const backfill = {
    window: { from, to },
    ...(cursor.ends && cursor.type === 'timestamp' && { sliceMs: parseDuration(declared.slice ?? '7d') }),
    share: parsePercent(asked.share ?? declared.share ?? '20%'),
  };
  const steps = all.map((one) => backfillStep(one, { of: accountStream(one.stream), ...backfill }));
  return { plan: withSteps(plan, steps), diagnostics: [] };
}

function backfillStep({ stream, mappings }: ExtractStep, backfill: BackfillPlan): ExtractStep {
  const read = backfillStream(stream);
  const { shape } = stream;
  return {
    kind: 'extract',
    id: `backfill ${backfill.of}`,
    reason: `a range of ${backfill.of} is read once more, beside the incremental runs: it was asked for`,
    // A position of another range says nothing of this one.
    stream: { ...read, shape: { ...shape, asked: sha256(canonical([shape.asked, backfill.window])) } },
    mappings,
    backfill,
  };
}

/** What any run must do first. */
const isOfAll = ({ kind }: Step): boolean => kind === 'rename' || kind === 'reconcile';

/** The backfill, of each account that is meant, in place of all that is read, and what concerns the mappings that it brings rows for. */
function withSteps(plan: Plan, steps: readonly ExtractStep[]): Plan {
  const names = steps.flatMap((step) => step.mappings);
  const isOwn = (one: Step): boolean => 'mapping' in one && names.includes(one.mapping);
  const kept = plan.steps.filter((one) => isOfAll(one) || isOwn(one));
  const first = kept.filter((one) => isOfAll(one) || one.kind === 'remap');
  const mappings = Object.entries(plan.mappings).filter(([name]) => names.includes(name));
  return withId({
    ...plan,
    partial: true,
    mappings: Object.fromEntries(mappings),
    steps: [...first, ...steps, ...kept.filter((one) => !first.includes(one))],
  });
}

/** A bound as cursors are compared; undefined where it is no value of the cursor. A day begins at midnight UTC. */
function normalised({ type }: CursorPlan, text: string): string | undefined {
  if (type === 'string') return text === '' ? undefined : text;
  if (type === 'integer')
    return /^-?\d{1,40}$/.test(text) ? cursorText(type, String(BigInt(text))) : undefined;
  return parseInstant(/^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00:00Z` : text);
}

const refused = (diagnostic: Diagnostic): CompiledBackfill => ({ diagnostics: [diagnostic] });

const unknownStream = (name: string, extracts: readonly ExtractStep[]): Diagnostic =>
  complaint(
    'ETL0340',
    `there is no stream ${name} that a mapping reads`,
    `The project has: ${namesOf(extracts.map(({ stream }) => stream)).join(', ')}.`,
  );

const notRanged = (name: string, cursor: CursorPlan | undefined): Diagnostic =>
  complaint(
    'ETL0341',
    `${name} cannot be backfilled`,
    cursor === undefined
      ? 'It has no cursor, so that no range of it can be asked for: every run reads all of it.'
      : 'A table is replaced by its whole listing: a part of it would take the rest away.',
    '`etl run` reads it whole; `etl run --from-ledger` makes new columns of the pages that are kept.',
  );

const wanted = {
  timestamp: 'a day, or an instant with its zone such as 2026-01-31T08:00:00Z',
  integer: 'a whole number',
  string: 'a text that is not empty',
} as const;

const noBound = (name: string, flag: string, text: string, { type }: CursorPlan): Diagnostic =>
  complaint(
    'ETL0342',
    `${flag} ${text} is no value of the cursor of ${name}`,
    `Its cursor is of the type ${type}: write ${wanted[type]}.`,
  );

const emptyRange = ({ from, to }: BackfillAsked): Diagnostic =>
  complaint(
    'ETL0342',
    `there is nothing between --from ${from} and --to ${to}`,
    '--to must be the later one.',
  );
