import { createHmac, randomBytes } from 'node:crypto';
import { accountStream } from '../../model/accounts.ts';
import type { Diagnostic } from '../../model/diagnostic.ts';
import { complaint } from '../../model/errors.ts';
import type { MappingPlan, Plan, StreamPlan } from '../../model/plan.ts';
import type { SourceDocument } from '../../model/project.ts';
import type {
  MappingEdit,
  MappingReplay,
  ReplayedPage,
  ReplayPages,
  ReplayProgram,
  ReplayReport,
  ReplaySide,
} from '../../model/replay.ts';
import { MappingComparison } from './compare.ts';
import { type Accepted, type ReplayFinding, replayFindings } from './findings.ts';

export interface ReplayScope {
  /** Of the mappings that are looked at. */
  readonly edits: readonly MappingEdit[];
  readonly programs: readonly ReplayProgram[];
  /** Properties with personal data, of any side, by mapping. */
  readonly personal: { readonly [mapping: string]: ReadonlySet<string> };
  /** Of the head. */
  readonly documents: readonly SourceDocument[];
  readonly accepted: Accepted;
  readonly pages: ReplayPages;
  readonly pagesMax: number;
  readonly samplesMax: number;
}

export interface ReplayFound {
  readonly verdict: ReplayReport['verdict'];
  readonly mappings: readonly MappingReplay[];
  readonly findings: readonly ReplayFinding[];
}

/** Compares what the sides make of the same pages, mapping by mapping, and judges whether the diffs explain it. */
export async function compareReplay(
  replayed: AsyncIterable<ReplayedPage>,
  scope: ReplayScope,
): Promise<ReplayFound> {
  const comparisons = comparisonsOf(scope);
  const failures = new PageFailures();
  for await (const page of replayed) {
    if (failures.add(page)) continue;
    for (const { streams, comparison } of comparisons)
      if (streams.includes(page.stream)) comparison.add(page);
  }
  const mappings: MappingReplay[] = [];
  for (const { comparison, streams } of comparisons)
    mappings.push(comparison.result(await olderPages(streams, scope)));
  const findings = [
    ...failures.diagnostics().map((diagnostic) => ({ diagnostic })),
    ...replayFindings(mappings, scope.documents, scope.accepted),
    ...unseen(mappings, scope.pages),
  ];
  return { verdict: verdictOf(mappings, findings), mappings, findings };
}

interface Compared {
  readonly streams: readonly string[];
  readonly comparison: MappingComparison;
}

function comparisonsOf({ edits, programs, personal, samplesMax }: ReplayScope): readonly Compared[] {
  // The same value has the same text in one report, and another one in the next: nobody can look it up.
  const secret = randomBytes(32);
  const hide = (value: string): string =>
    `hmac:${createHmac('sha256', secret).update(value).digest('hex').slice(0, 16)}`;
  return edits.map((edit) => {
    const entries = programs.flatMap(({ side, plan }): readonly (readonly [ReplaySide, MappingPlan])[] => {
      const mapping = plan.mappings[edit.mapping];
      return mapping === undefined ? [] : [[side, mapping]];
    });
    const streams = [...new Set(entries.map(([, { stream }]) => stream))];
    const isBare = streams.some((stream) => isUnlike(programs, stream));
    const plans = Object.fromEntries(entries);
    return {
      streams,
      comparison: new MappingComparison({
        edit,
        plans,
        isPersonal: (column) => isBare || personal[edit.mapping]?.has(column) === true,
        hide,
        samplesMax,
      }),
    };
  });
}

/** Whether the sides keep different data of a stream from being stored: then one of them may show what the other hides. */
function isUnlike(programs: readonly ReplayProgram[], stream: string): boolean {
  const rules = programs.flatMap(({ plan }) => privacyOf(plan, stream));
  return new Set(rules).size > 1;
}

const privacyOf = ({ steps }: Plan, name: string): readonly string[] =>
  steps.flatMap((step) =>
    step.kind === 'extract' && accountStream(step.stream) === name
      ? [JSON.stringify(step.stream.privacy)]
      : [],
  );

async function olderPages(
  streams: readonly string[],
  { programs, pages, pagesMax }: ReplayScope,
): Promise<number> {
  const found = new Map<string, StreamPlan>(
    programs.flatMap(({ plan }) =>
      plan.steps.flatMap((step) =>
        step.kind === 'extract' ? [[accountStream(step.stream), step.stream] as const] : [],
      ),
    ),
  );
  let older = 0;
  for (const name of streams) {
    const stream = found.get(name);
    if (stream !== undefined) older += Math.max(0, (await pages.count(stream)) - pagesMax);
  }
  return older;
}

/** Pages that a side cannot map at all. They are not compared. */
class PageFailures {
  readonly #found = new Map<
    string,
    { readonly failure: Diagnostic; readonly page: ReplayedPage; pages: number }
  >();

  /** Whether there is one. */
  add(page: ReplayedPage): boolean {
    const failed = (['base', 'head'] as const).filter((side) => 'code' in (page.made[side] ?? []));
    if (failed.length === 0) return false;
    const failure = page.made[failed.includes('head') ? 'head' : 'base'] as Diagnostic;
    const name = `${failed.join()} ${page.stream} ${failure.code}`;
    const known = this.#found.get(name) ?? { failure, page, pages: 0 };
    known.pages += 1;
    this.#found.set(name, known);
    return true;
  }

  diagnostics(): readonly Diagnostic[] {
    return [...this.#found].map(([name, { failure, page, pages }]) => {
      const isNew = name.startsWith('head ');
      const which = pages === 1 ? `page ${page.page}` : `${pages} pages, page ${page.page} first,`;
      return {
        ...complaint(
          'ETL0367',
          `${which} of ${page.stream} cannot be mapped${isNew ? ' any more' : ''}: ${failure.summary}`,
          ...failure.help,
          isNew ? 'A run would stop here.' : 'It could not be mapped before, either: it was not compared.',
        ),
        severity: isNew ? 'error' : 'warning',
      };
    });
  }
}

/** Mappings that have changed and of which there is no page: nobody knows what they change. */
const unseen = (mappings: readonly MappingReplay[], { origin }: ReplayPages): readonly ReplayFinding[] =>
  mappings
    .filter(({ state, pages }) => state === 'changed' && pages === 0)
    .map(({ mapping }) => ({
      mapping,
      diagnostic: {
        ...complaint(
          'ETL0369',
          `${mapping} has changed, and there is no page to try it on`,
          `Pages were looked for in ${origin}.`,
          'Name an environment that has read the stream: `etl replay --env test`.',
        ),
        severity: 'warning',
      },
    }));

function verdictOf(
  mappings: readonly MappingReplay[],
  findings: readonly ReplayFinding[],
): ReplayReport['verdict'] {
  if (findings.some(({ diagnostic }) => diagnostic.severity === 'error')) return 'unexplained';
  if (findings.some(({ diagnostic }) => diagnostic.code === 'ETL0369')) return 'inconclusive';
  return mappings.every(isSame) ? 'same' : 'explained';
}

const isSame = ({ counts, columns }: MappingReplay): boolean =>
  Object.values(counts).every((count) => count === 0) && columns.length === 0;
