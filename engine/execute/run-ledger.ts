import { accountStream } from '../model/accounts.ts';
import type { BlockedRow, MappedRows } from '../model/batch.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import { assert } from '../model/errors.ts';
import type { ExtractStep, Plan, Step } from '../model/plan.ts';
import type { LoadCounts, SettledPosition, StagedPage } from '../model/ports.ts';
import { carrierOf } from '../model/request-template.ts';
import type { CheckReport, RunReport, StepResult, StreamReport, TableReport } from '../model/run-report.ts';
import { failedCheck, failedPolls, ignoredFilter, unprovenPages } from './findings.ts';
import { type PagesSeen, pagingFindings } from './paging-findings.ts';
import { UnreadPaths } from './unread-paths.ts';

/** Rows of each table that were kept aside and that the report names; all of them are in staging. */
const blockedShownMax = 10;

type Status = StreamReport['status'];

/** What a stream has cost and brought so far. */
export interface StreamAccount extends PagesSeen {
  status: Status;
  pages: number;
  received: number;
  outside: number;
  /** Pages that may have been cut at the end of a record. */
  unproven: number;
  /** Records of persons who were forgotten. */
  forgotten: number;
  elapsedMs: number;
  readonly meter: RequestCounts;
  readonly lookupMeter: RequestCounts;
  readonly cacheCounts: { hits: number; misses: number; revalidated: number };
}

interface RequestCounts {
  requests: number;
  retries: number;
  refused: number;
  waitedMs: number;
  boundBy?: string;
  readonly classes: { [kind: string]: number };
  pollsFailed: number;
  pollFailure?: Diagnostic;
}

const requestCounts = (): RequestCounts => ({
  requests: 0,
  retries: 0,
  refused: 0,
  waitedMs: 0,
  classes: {},
  pollsFailed: 0,
});

/** Of a stream of which nothing has been read yet. */
export const streamAccount = (): StreamAccount => ({
  status: 'succeeded',
  pages: 0,
  received: 0,
  outside: 0,
  unproven: 0,
  forgotten: 0,
  largest: 0,
  fullest: 0,
  elapsedMs: 0,
  meter: requestCounts(),
  lookupMeter: requestCounts(),
  cacheCounts: { hits: 0, misses: 0, revalidated: 0 },
});

type Counts = { -readonly [name in keyof LoadCounts]: number } & {
  deduplicated: number;
  filtered: number;
  blocked: number;
  nulled: number;
};

interface TableAccount {
  status: TableReport['status'];
  readonly counts: Counts;
  loadMs: number;
  deferred?: string;
}

/** The account of a run while it goes on; the report is made of it. */
export class RunLedger {
  readonly #plan: Plan;
  readonly #run: string;
  readonly #startedAt: string;
  readonly #streams = new Map<string, StreamAccount>();
  readonly #tables = new Map<string, TableAccount>();
  readonly #checks: CheckReport[] = [];
  readonly #blocked: BlockedRow[] = [];
  readonly #diagnostics: Diagnostic[] = [];
  readonly #unread = new UnreadPaths();
  /** Staging and warehouse do not agree: nothing may be done before they do. */
  isHalted = false;

  constructor(plan: Plan, run: string, startedAt: string) {
    this.#plan = plan;
    this.#run = run;
    this.#startedAt = startedAt;
    for (const { name } of Object.values(plan.mappings)) {
      const counts = {
        staged: 0,
        inserted: 0,
        updated: 0,
        unchanged: 0,
        superseded: 0,
        deleted: 0,
        held: 0,
        deduplicated: 0,
        filtered: 0,
        blocked: 0,
        nulled: 0,
      };
      this.#tables.set(name, { status: 'succeeded', counts, loadMs: 0 });
    }
  }

  stream(name: string): StreamAccount {
    const known = this.#streams.get(name);
    if (known !== undefined) return known;
    const made = streamAccount();
    this.#streams.set(name, made);
    return made;
  }

  /** Counts a page once it is committed. */
  staged(stream: string, page: StagedPage): void {
    const account = this.stream(stream);
    account.pages += 1;
    account.received += page.records;
    account.forgotten += page.forgotten ?? 0;
    for (const rows of page.rows) this.mapped(rows);
  }

  /** Counts what did not become a row, of a page that was fetched or of a kept one that was mapped again. */
  mapped(rows: MappedRows): void {
    const { counts } = this.#table(rows.mapping);
    counts.deduplicated += rows.deduplicated;
    counts.filtered += rows.filtered;
    this.#blocked.push(...rows.blocked.slice(0, Math.max(0, blockedShownMax - counts.blocked)));
    counts.blocked += rows.blocked.length;
    counts.nulled += rows.nulled;
    this.#unread.add(rows);
  }

  loaded(mapping: string, loaded: LoadCounts, elapsedMs: number): readonly Diagnostic[] {
    const table = this.#table(mapping);
    const { counts } = table;
    table.loadMs += Math.round(elapsedMs);
    for (const name of Object.keys(loaded) as (keyof LoadCounts)[]) counts[name] += loaded[name];
    return [];
  }

  /** A load that was not due, and why: no mistake, and so nothing to complain of. */
  deferred(mapping: string, why: string): readonly Diagnostic[] {
    this.#table(mapping).deferred = why;
    return [];
  }

  checked(reports: readonly CheckReport[]): readonly Diagnostic[] {
    this.#checks.push(...reports);
    return reports.filter(({ passed }) => !passed).map(failedCheck);
  }

  /** What is to be said of a stream that was read to its end. */
  extracted(step: ExtractStep): readonly Diagnostic[] {
    const name = accountStream(step.stream);
    const account = this.stream(name);
    const { outside, received, unproven, meter } = account;
    return [
      ...(outside === 0
        ? []
        : [ignoredFilter(name, outside, received, carrierOf(step.stream.request, 'cursor.from'))]),
      ...pagingFindings(name, account, step.stream.paginate),
      ...(unproven === 0 ? [] : [unprovenPages(name, unproven)]),
      ...(meter.pollFailure === undefined ? [] : [failedPolls(meter.pollFailure, meter.pollsFailed)]),
    ];
  }

  /** Notes what belongs to no step. */
  found(diagnostics: readonly Diagnostic[]): void {
    this.#diagnostics.push(...diagnostics);
  }

  finished(step: Step, status: StepResult['status'], diagnostics: readonly Diagnostic[]): void {
    this.#diagnostics.push(...diagnostics);
    if (status === 'succeeded') return;
    if (step.kind === 'reconcile' || step.kind === 'rename') {
      this.isHalted = true;
      return;
    }
    if (step.kind === 'extract' || step.kind === 'sweep') {
      this.stream(accountStream(step.stream)).status = status === 'interrupted' ? status : 'failed';
      return;
    }
    const table = this.#table(step.mapping);
    if (table.status === 'succeeded') table.status = status === 'failed' ? 'failed' : 'skipped';
  }

  /**
   * Whether a step must not run since its stream could not be read, for none of its accounts, or a step before it failed.
   * What one account lacks holds back no other: what they have brought is loaded.
   */
  blocked(step: Step): boolean {
    if (this.isHalted) return true;
    if (step.kind === 'extract' || step.kind === 'sweep') return false;
    if (step.kind === 'remap' || step.kind === 'reconcile' || step.kind === 'rename') return false;
    if (this.#table(step.mapping).status !== 'succeeded') return true;
    const own = this.#streamsOf(this.#plan.mappings[step.mapping]?.stream ?? '');
    return own.length > 0 && own.every(({ status }) => status !== 'succeeded');
  }

  report(
    finishedAt: string,
    ended: 'whole' | 'interrupted' | 'crashed',
    settled: ReadonlyMap<string, SettledPosition>,
  ): Omit<RunReport, 'openBlockers'> {
    const streams = [...this.#streams].map(([stream, account]) => ({
      ...streamReport(stream, account),
      ...settledReport(settled.get(stream)),
    }));
    const tables = Object.values(this.#plan.mappings).map((mapping): TableReport => {
      const { status, counts, loadMs, deferred } = this.#table(mapping.name);
      return {
        mapping: mapping.name,
        stream: mapping.stream,
        table: `${mapping.schema}.${mapping.table}`,
        status,
        ...counts,
        loadMs,
        ...(deferred !== undefined && { deferred }),
      };
    });
    const failed = [...streams, ...tables].some(({ status }) => status !== 'succeeded');
    return {
      run: this.#run,
      plan: this.#plan.id,
      project: this.#plan.project,
      environment: this.#plan.environment,
      startedAt: this.#startedAt,
      finishedAt,
      status: ended === 'interrupted' ? ended : failed || ended === 'crashed' ? 'failed' : 'succeeded',
      streams,
      tables,
      checks: this.#checks,
      blocked: this.#blocked,
      diagnostics: [...this.#diagnostics, ...this.#unread.diagnostics()],
    };
  }

  /** What has been read of a stream, by account. */
  #streamsOf(stream: string): readonly StreamAccount[] {
    return [...this.#streams].flatMap(([name, account]) => (name.split('@')[0] === stream ? account : []));
  }

  #table(mapping: string): TableAccount {
    const table = this.#tables.get(mapping);
    assert(table, `the plan has the mapping ${mapping}`);
    return table;
  }
}

const settledReport = (settled: SettledPosition | undefined): Pick<StreamReport, 'settled'> =>
  settled === undefined ? {} : { settled };

function streamReport(stream: string, account: StreamAccount): StreamReport {
  const { status, pages, received, forgotten, elapsedMs, meter, lookupMeter, cacheCounts } = account;
  const total = (name: 'requests' | 'retries' | 'refused' | 'waitedMs'): number =>
    meter[name] + lookupMeter[name];
  return {
    stream,
    status,
    pages,
    received,
    ...(forgotten > 0 && { forgotten }),
    requests: total('requests'),
    retries: total('retries'),
    refused: total('refused'),
    waitedMs: Math.round(total('waitedMs')),
    elapsedMs,
    ...(lookupMeter.requests > 0 && { lookupRequests: lookupMeter.requests }),
    ...(Object.values(cacheCounts).some((count) => count > 0) && { cache: { ...cacheCounts } }),
  };
}
