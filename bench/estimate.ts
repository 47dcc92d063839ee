import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { PlanEstimate } from '../engine/model/estimate.ts';
import type { RunReport } from '../engine/model/run-report.ts';
import { tableText } from '../engine/report/table.ts';
import { GrowingShop } from './estimate/growing-shop.ts';
import { etl, etlRun } from './support/etl.ts';
import { measured } from './support/measured.ts';
import { rounded } from './support/numbers.ts';
import { packageFolder } from './support/package-folder.ts';
import type { BenchResult } from './support/results.ts';

const folder = join(packageFolder, '.etl/bench/estimate');
const minuteMs = 60_000;
/** Shorter times are what a start costs, not what limits do: they are not compared. */
const comparedMinutes = 0.1;

interface Compared {
  readonly run: number;
  readonly stream: string;
  readonly what: 'requests' | 'minutes';
  readonly planned: number;
  readonly happened: number;
  readonly errorPercent: number;
}

const compared = (
  run: number,
  stream: string,
  what: Compared['what'],
  planned: number,
  happened: number,
): Compared => ({
  run,
  stream,
  what,
  planned: rounded(planned, 2),
  happened: rounded(happened, 2),
  errorPercent: rounded((100 * Math.abs(planned - happened)) / happened, 1),
});

/** What a plan has said of a run, beside what then happened; nothing of streams of which it knew nothing. */
function compare(run: number, { streams }: PlanEstimate, report: RunReport): readonly Compared[] {
  return streams.flatMap(({ stream, expected }) => {
    const happened = report.streams.find((one) => one.stream === stream);
    if (expected === undefined || happened === undefined) return [];
    const minutes = happened.elapsedMs / minuteMs;
    const isLong = Math.max(minutes, expected.minutes) >= comparedMinutes;
    return [
      compared(run, stream, 'requests', expected.requests, happened.requests),
      ...(isLong ? [compared(run, stream, 'minutes', expected.minutes, minutes)] : []),
    ];
  });
}

async function planNow(project: string): Promise<PlanEstimate> {
  const { stdout } = await measured(etl, ['plan', '--project', project, '--lab', '--json']);
  return (JSON.parse(stdout) as { result: { estimate: PlanEstimate } }).result.estimate;
}

/** One run: planned, and performed against what the shop has then. */
async function round(run: number, shop: GrowingShop): Promise<readonly Compared[]> {
  const estimate = await planNow(shop.folder);
  shop.fill();
  const { report } = await etlRun(shop.folder, ['--lab']);
  return compare(run, estimate, report);
}

function optionsOf(args: readonly string[]): { rounds: number; seconds: number } {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rounds: { type: 'string', default: '5' },
      seconds: { type: 'string', default: '900' },
    },
  });
  const options = { rounds: Number(values.rounds), seconds: Number(values.seconds) };
  if (Object.values(options).every((value) => Number.isSafeInteger(value) && value > 0)) return options;
  throw new Error('--rounds and --seconds are whole numbers of at least 1');
}

/**
 * How near a plan comes to what then happens: the first load of the storefront in the lab, and a run each quarter of an hour
 * after it, planned just before. The first two are unknown to the plan, and say so.
 */
export async function estimate(args: readonly string[]): Promise<BenchResult> {
  const { rounds, seconds } = optionsOf(args);
  const shop = new GrowingShop(join(folder, 'project'));
  const found: Compared[] = [];
  let passedMs = Date.now();
  for (let run = 0; run <= rounds; run += 1) {
    found.push(...(await round(run, shop)));
    const nowMs = Date.now();
    shop.pass(Math.max(0, seconds - Math.round((nowMs - passedMs) / 1000)));
    passedMs = nowMs;
  }
  rmSync(folder, { recursive: true, force: true });
  const worst = Math.max(...found.map(({ errorPercent }) => errorPercent));
  return {
    table: tableText(
      ['run', 'stream', 'what', 'planned', 'happened', 'error %'],
      found.map(({ run, stream, what, planned, happened, errorPercent }) =>
        [run, stream, what, planned, happened, errorPercent].map(String),
      ),
      [true, false, false, true, true, true],
    ),
    runs: found,
    figures: {
      runs: new Set(found.map(({ run }) => run)).size,
      worst_error_percent: worst,
    },
  };
}
