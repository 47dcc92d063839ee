import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { StepResult } from '../../engine/model/run-report.ts';
import { type LabServer, serveLab } from '../support/lab.ts';
import { type Measured, measured } from '../support/measured.ts';
import { megabytes, rounded } from '../support/numbers.ts';

const leanScript = fileURLToPath(new URL('../lean.js', import.meta.url));
const pageRecords = 250;

/** What one program cost that read all orders of the lab. */
export interface OrdersRun {
  readonly seconds: number;
  readonly records_per_s: number;
  readonly memory_mb: number;
  readonly cpu_s: number;
  /** Seconds of each part, by name. */
  readonly parts: { readonly [part: string]: number };
}

/** The lab that serves a project's orders, and how. */
export interface OrdersLab {
  readonly project: string;
  readonly records: number;
  readonly gzip?: boolean;
}

/** Runs a program against a lab of its own, and sees to it that the lab served every page once. */
export async function againstLab<T>(
  { project, records, gzip = false }: OrdersLab,
  work: (lab: LabServer) => Promise<T>,
): Promise<T> {
  const lab = await serveLab(project, gzip ? ['--gzip'] : []);
  let done: T;
  let stats: Awaited<ReturnType<LabServer['stop']>>;
  try {
    done = await work(lab);
  } finally {
    stats = await lab.stop();
  }
  const shop = stats['shop'];
  const pages = Math.max(1, Math.ceil(records / pageRecords));
  const served = JSON.stringify({ records: shop?.records, statuses: shop?.statuses });
  if (served === JSON.stringify({ records, statuses: { 200: pages } })) return done;
  throw new Error(`The lab was to serve ${records} records in ${pages} pages, and served ${served}.`);
}

/** Seconds of each step, as the run's artifacts have them. */
export function stepSeconds(project: string, run: string): OrdersRun['parts'] {
  const steps = readFileSync(join(project, '.etl/runs', run, 'steps.ndjson'), 'utf8')
    .trim()
    .split('\n');
  const parts = steps.map((line) => {
    const { step, startedAt, finishedAt } = JSON.parse(line) as StepResult;
    return [step, (Date.parse(finishedAt) - Date.parse(startedAt)) / 1000] as const;
  });
  return Object.fromEntries(parts);
}

export const ordersRun = (records: number, cost: Measured, parts: OrdersRun['parts']): OrdersRun => ({
  seconds: rounded(cost.elapsedMs / 1000, 3),
  records_per_s: Math.round(records / (cost.elapsedMs / 1000)),
  memory_mb: megabytes(cost.peakBytes),
  cpu_s: rounded(cost.cpuSeconds, 1),
  parts,
});

/** Runs lean.ts, which leaves its database in `folder`. */
export async function leanRun(lab: OrdersLab, folder: string): Promise<OrdersRun> {
  const done = await againstLab(lab, ({ sources }) =>
    measured(leanScript, [sources.get('shop') ?? '', folder]),
  );
  const { extractMs, loadMs } = JSON.parse(done.stdout) as { extractMs: number; loadMs: number };
  return ordersRun(lab.records, done, {
    extract: rounded(extractMs / 1000, 3),
    load: rounded(loadMs / 1000, 3),
  });
}

export const partsText = (parts: OrdersRun['parts']): string =>
  Object.entries(parts)
    .map(([part, seconds]) => `${part} ${seconds.toFixed(1)} s`)
    .join(', ');
