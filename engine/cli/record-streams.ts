import { keptResponse, list } from '../engine.ts';
import { accountStream, atAccount } from '../model/accounts.ts';
import type { ReceivedPage } from '../model/batch.ts';
import { assert, complaint, RefusedError } from '../model/errors.ts';
import type { ExtractStep, Plan, StreamPlan } from '../model/plan.ts';
import type { References } from '../model/ports.ts';
import type { Recording } from '../model/recording.ts';
import { keptPagesToRecord, type PageToRecord, recordingOf } from '../operations/record/record.ts';
import { systemClock } from '../services/clock.ts';
import { noMetrics } from '../services/metrics/no-metrics.ts';
import { allowancesOf } from './allowances.ts';
import { startLabProcess } from './in-lab.ts';
import { missingReferences } from './missing-references.ts';
import { version } from './package.ts';
import type { PlannedProject } from './planned.ts';
import { silentProgress } from './progress.ts';
import { resolved, secretsOf } from './recording-files.ts';
import { referencesOf } from './references-of.ts';
import { closeServices, wire } from './wire.ts';

const nameOf = accountStream;

/** Asks for the first pages of streams as a first run would, within the budget. Nothing is stored. */
export async function recordLive(
  work: PlannedProject,
  streams: readonly StreamPlan[],
  flags: { readonly pages: number; readonly lab: boolean; readonly env: string | undefined },
  signal: AbortSignal,
): Promise<readonly Recording[]> {
  refuseUnrecordable(streams);
  const allowances = await allowancesOf(work);
  const lab = flags.lab ? await startLabProcess(work.project.folder, flags.env) : undefined;
  const services = await wire({
    project: work.project,
    plan: work.plan,
    databases: work,
    runId: 'record',
    artifacts: { plan: () => {}, step: () => {}, report: () => {} },
    progress: () => silentProgress,
    metrics: noMetrics,
    signal,
    ...(lab && { lab: lab.url }),
  }).catch(async (error: unknown) => {
    // A lab that nobody closes would keep the command from ending.
    await lab?.close();
    throw error;
  });
  try {
    const missing = missingReferences(work.plan, services.references, work.documents, streams);
    if (missing.length > 0) throw new RefusedError('invalid', missing);
    const secrets = secretsOf(work);
    const found: Recording[] = [];
    for (const stream of streams) {
      const pagesMax = Math.min(flags.pages, allowances.get(nameOf(stream))?.pages ?? flags.pages);
      const pages = list(work.plan, stepOf(work.plan, stream), services);
      found.push(
        await recordPages(
          pages,
          pagesMax,
          { work, stream, from: lab ? 'lab' : 'api', secrets },
          services.references,
        ),
      );
    }
    return found;
  } finally {
    await closeServices(services);
    await lab?.close();
  }
}

/** What a job is asked for, and what parents there are, is not in the pages of a stream: a replay could not ask so again. */
function refuseUnrecordable(streams: readonly StreamPlan[]): void {
  const found = streams.filter(({ job, parent }) => job !== undefined || parent !== undefined);
  if (found.length === 0) return;
  throw new RefusedError(
    'refused',
    found.map((stream) =>
      complaint(
        'ETL0991',
        `${nameOf(stream)} cannot be recorded: it is read ${stream.job === undefined ? 'for each record of another stream' : 'by a job'}`,
        'Test its mapping with a fixture instead: `etl test --create MAPPING` makes one of kept pages.',
      ),
    ),
  );
}

interface What {
  readonly work: PlannedProject;
  readonly stream: StreamPlan;
  readonly from: Recording['from'];
  readonly secrets: References;
}

async function recordPages(
  received: AsyncIterable<ReceivedPage>,
  pagesMax: number,
  what: What,
  references: References,
): Promise<Recording> {
  const { pageKey } = what.work.plan;
  const key = pageKey === undefined ? undefined : references.resolve(pageKey);
  const pages: PageToRecord[] = [];
  let windowFrom: string | undefined;
  for await (const page of received) {
    const body = keptResponse((await page.mapped).body, page.id, key);
    assert(body !== undefined, 'a page that was packed just now can be unpacked');
    const { request, status, headers, next } = page;
    pages.push({ request, status, headers, body, ...(next && { next }) });
    windowFrom = page.from;
    if (pages.length >= pagesMax) break;
  }
  const redact = (text: string): string => references.redact(what.secrets.redact(text));
  return recorded(pages, { ...what, redact, windowFrom, at: new Date(systemClock.now()).toISOString() });
}

/** The recording of pages that staging keeps. No request is made. */
export async function recordKept(
  work: PlannedProject,
  streams: readonly StreamPlan[],
  flags: { readonly pages: number; readonly lab: boolean; readonly run: string | undefined },
): Promise<readonly Recording[]> {
  const exists = await work.staging.exists();
  const { pageKey } = work.plan;
  const references = referencesOf(work.project.folder, flags.lab);
  const key = pageKey === undefined ? undefined : references.resolve(pageKey);
  const secrets = secretsOf(work);
  const found: Recording[] = [];
  for (const stream of streams) {
    // One more than is recorded: its request is what follows the last one.
    const kept = exists ? await work.state.runs.exchanges(stream, flags.pages + 1, flags.run) : [];
    const readable = kept.flatMap((page) => {
      const text = keptResponse(page.body, page.id, key);
      return text === undefined ? [] : [{ ...page, text }];
    });
    const pages = keptPagesToRecord(readable, flags.pages, stream);
    if (pages.length === 0) throw nothingKept(stream, flags.run);
    const [first] = kept;
    found.push(
      recorded(pages, {
        ...{ work, stream, from: 'ledger', secrets },
        redact: secrets.redact,
        windowFrom: first?.from,
        at: first?.stagedAt ?? '',
      }),
    );
  }
  return found;
}

interface Recorded extends What {
  redact(text: string): string;
  readonly windowFrom: string | undefined;
  readonly at: string;
}

const recorded = (
  pages: readonly PageToRecord[],
  { work, stream, from, secrets, redact, windowFrom, at }: Recorded,
): Recording =>
  recordingOf(pages, {
    stream,
    head: { recordedAt: at, engine: version, from, ...(windowFrom !== undefined && { windowFrom }) },
    baseUrl: publicBaseUrl(work.plan, stream, secrets),
    redact,
  });

/** Where the source is, without secrets; a made-up place where nothing is left of it then. */
function publicBaseUrl({ sources }: Plan, stream: StreamPlan, secrets: References): string {
  const { baseUrl = '' } = sources[atAccount(stream.source, stream.account)] ?? {};
  const text = secrets.redact(resolved(secrets, baseUrl) ?? '').replace(/\/$/, '');
  return URL.canParse(text) && /^(?:https?|file|postgres(?:ql)?|mysql|mariadb):/.test(text)
    ? text
    : `https://${stream.source}.invalid`;
}

function stepOf({ steps }: Plan, stream: StreamPlan): ExtractStep {
  const step = steps.find(
    (one): one is ExtractStep => one.kind === 'extract' && nameOf(one.stream) === nameOf(stream),
  );
  assert(step, `the plan reads ${nameOf(stream)}`);
  return step;
}

const nothingKept = (stream: StreamPlan, run: string | undefined): RefusedError =>
  new RefusedError('invalid', [
    complaint(
      'ETL0984',
      `staging keeps no page of ${nameOf(stream)} that could be recorded${run === undefined ? '' : ` of run ${run}`}`,
      'It takes the first pages of a window that has records, was kept from its beginning, and can be read with the `pageKey` of now.',
      'Run `etl run` first, or record from the API: leave `--from-ledger` out.',
    ),
  ]);
