import { Args, Flags } from '@oclif/core';
import { list } from '../../engine.ts';
import { preview, readsOf } from '../../execute/preview.ts';
import { accountStream, defaultAccount } from '../../model/accounts.ts';
import { rowsIn, type StagedValue } from '../../model/batch.ts';
import { accountColumn, metaColumns } from '../../model/columns.ts';
import { complaint, RefusedError } from '../../model/errors.ts';
import type { ExtractStep, Plan } from '../../model/plan.ts';

import { exitCodes } from '../../report/exit-code.ts';
import { count, tableText } from '../../report/table.ts';
import { noMetrics } from '../../services/metrics/no-metrics.ts';
import { BaseCommand, commonFlags, type Outcome } from '../base-command.ts';
import { startLabProcess } from '../in-lab.ts';
import { missingReferences } from '../missing-references.ts';
import { type PlannedProject, planned } from '../planned.ts';
import { silentProgress } from '../progress.ts';
import { interruption, stoppedCode } from '../signals.ts';
import { closeServices, wire } from '../wire.ts';

const cellMax = 40;
const reasonMax = 120;

export default class Preview extends BaseCommand {
  static override readonly summary =
    'Show the first rows of a mapping: fetched with one request, or as loaded.';
  static override readonly description =
    'Fetches the first page of the stream, maps it and prints the rows; nothing is stored. With --warehouse the rows come from the table instead.';
  static override readonly examples = [
    '<%= config.bin %> preview order_lines --lab',
    '<%= config.bin %> preview order_lines --warehouse --limit 20',
    '<%= config.bin %> preview order_lines --blocked',
    '<%= config.bin %> preview order_lines --account berlin',
  ];
  static override readonly args = {
    mapping: Args.string({ description: 'Name of the mapping.', required: true }),
  };
  static override readonly flags = {
    ...commonFlags,
    lab: Flags.boolean({ description: 'Read from the lab instead of the real API.' }),
    warehouse: Flags.boolean({ description: 'Show what the table holds; no request is made.' }),
    blocked: Flags.boolean({
      description: 'Show the rows that were kept aside, with the reason; no request is made.',
      exclusive: ['warehouse'],
    }),
    account: Flags.string({
      description: 'Of this account of the source; without it a request is made for the first one.',
      helpValue: 'NAME',
      exclusive: ['warehouse'],
    }),
    limit: Flags.integer({ char: 'n', description: 'Rows to show.', default: 10, min: 1, max: 1000 }),
  };

  protected override async perform(): Promise<Outcome> {
    const { args, flags } = await this.parse(Preview);
    const checked = await this.project(flags);
    const work = await planned(checked, flags.lab);
    try {
      if (work.plan.mappings[args.mapping] === undefined)
        throw unknownMapping(args.mapping, Object.keys(work.plan.mappings));
      const step = readOf(work.plan, args.mapping, flags.account);
      if (flags.blocked) return await this.#blocked(work, args.mapping, flags);
      return flags.warehouse
        ? await this.#loaded(work, args.mapping, flags.limit)
        : await this.#fetched(work, args.mapping, step, flags);
    } finally {
      await Promise.all([work.staging.close(), work.warehouse.close()]);
    }
  }

  async #blocked(
    { staging, plan }: PlannedProject,
    name: string,
    { account, limit }: { readonly account?: string | undefined; readonly limit: number },
  ): Promise<Outcome> {
    await staging.migrate();
    const open = { mapping: name, kind: 'record', status: 'open' } as const;
    const blocked = await staging.blockers.find(
      { ...open, ...(account !== undefined && { account }) },
      limit,
    );
    const whose = isOfAccounts(plan, name);
    const rows = blocked.map(({ account: of, record, index, property, code, reason }) => [
      ...(whose ? [of] : []),
      ...[record, index, property, code, reason],
    ]);
    const head = [...(whose ? ['account'] : []), 'record', 'index', 'property', 'code', 'reason'];
    const table = rowsText(head, rows, reasonMax);
    const text = blocked.length === 0 ? `No row of ${name} is kept aside.` : table;
    return { exitCode: exitCodes.ok, result: blocked, diagnostics: [], text };
  }

  async #loaded({ plan, warehouse }: PlannedProject, name: string, limit: number): Promise<Outcome> {
    const mapping = plan.mappings[name];
    const sample = await warehouse.sample(mapping?.schema ?? '', mapping?.table ?? '', limit);
    const isHidden = (column = ''): boolean =>
      isOurs(column) && !(column.toLowerCase() === accountColumn && isOfAccounts(plan, name));
    const shown = sample.rows.map((row) => row.filter((_, at) => !isHidden(sample.columns[at])));
    const columns = sample.columns.filter((column) => !isHidden(column));
    const text = `${mapping?.schema}.${mapping?.table}: ${count(sample.total)} rows\n\n${rowsText(columns, shown)}`;
    return { exitCode: exitCodes.ok, result: sample, diagnostics: [], text };
  }

  async #fetched(
    work: PlannedProject,
    name: string,
    step: ExtractStep,
    flags: { lab: boolean; env?: string | undefined; limit: number },
  ): Promise<Outcome> {
    const lab = flags.lab ? await startLabProcess(work.project.folder, flags.env) : undefined;
    const stop = interruption('stopping');
    const nowhere = { plan: () => {}, step: () => {}, report: () => {} };
    const services = await wire({
      project: work.project,
      plan: work.plan,
      databases: work,
      runId: 'preview',
      artifacts: nowhere,
      progress: () => silentProgress,
      metrics: noMetrics,
      signal: stop.signal,
      ...(lab && { lab: lab.url }),
    }).catch(async (error: unknown) => {
      // A lab that nobody closes would keep the command from ending.
      stop.stop();
      await lab?.close();
      throw error;
    });
    try {
      const missing = missingReferences(work.plan, services.references, work.documents, [step.stream]);
      if (missing.length > 0) throw new RefusedError('invalid', missing);
      const { mapping, facts, rows } = await preview(work.plan, name, list(work.plan, step, services));
      const columns = mapping.properties.map((property) => property.name);
      const shown = rowsIn(rows)
        .slice(0, flags.limit)
        .map((row) => row.slice(1, 1 + columns.length));
      const blocked = rows.blocked.map(
        ({ property, reason, record }) => `blocked: record ${record}, ${property}: ${reason}`,
      );
      const summary = `${accountStream(step.stream)} → ${mapping.schema}.${mapping.table}: ${facts.records} records, ${rows.count} rows, ${rows.filtered} filtered, ${rows.blocked.length} blocked`;
      return {
        exitCode: exitCodes.ok,
        result: {
          stream: accountStream(step.stream),
          columns,
          rows: shown,
          records: facts.records,
          filtered: rows.filtered,
          blocked: rows.blocked,
        },
        diagnostics: [],
        text: [summary, '', rowsText(columns, shown), ...blocked.slice(0, flags.limit)].join('\n'),
      };
    } catch (error) {
      if (stop.received() === undefined) throw error;
      return { exitCode: stoppedCode(stop.received()), result: null, diagnostics: [], text: '' };
    } finally {
      stop.stop();
      await closeServices(services);
      await lab?.close();
    }
  }
}

/** Columns that Sluice adds, in whatever case a warehouse has them; they stay in the JSON. */
const isOurs = (column = ''): boolean =>
  [accountColumn, ...metaColumns].some((own) => own === column.toLowerCase());

function rowsText(
  columns: readonly string[],
  rows: readonly (readonly StagedValue[])[],
  widthMax = cellMax,
): string {
  const cell = (value: StagedValue): string => {
    const text = value === null ? 'NULL' : String(value).replace(/\s+/g, ' ');
    return text.length > widthMax ? `${text.slice(0, widthMax - 1)}…` : text;
  };
  return tableText(
    columns,
    rows.map((row) => row.map(cell)),
    columns.map(() => false),
  );
}

/** Whether a mapping is made of more than what the account `default` has. */
const isOfAccounts = (plan: Plan, name: string): boolean =>
  readsOf(plan, name).some(({ stream }) => stream.account !== defaultAccount);

/** The step that reads a mapping's stream for an account, or for the first one. @throws RefusedError (exit 3) for an account that there is not */
function readOf(plan: Plan, name: string, account: string | undefined): ExtractStep {
  const steps = readsOf(plan, name);
  const step = steps.find(({ stream }) => account === undefined || stream.account === account);
  if (step !== undefined) return step;
  const known = steps.map(({ stream }) => stream.account).join(', ');
  throw new RefusedError('invalid', [
    complaint('ETL0906', `${name} is not read for an account ${account}`, `There are: ${known}.`),
  ]);
}

const unknownMapping = (name: string, known: readonly string[]): RefusedError =>
  new RefusedError('invalid', [
    complaint('ETL0903', `there is no mapping ${name}`, `The project has: ${known.join(', ')}.`),
  ]);
