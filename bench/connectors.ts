import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { CheckedConnector } from '../engine/model/connector-check.ts';
import { tableText } from '../engine/report/table.ts';
import { packageFolder } from './support/package-folder.ts';
import type { BenchResult } from './support/results.ts';
import { warm } from './support/warm.ts';

/** Longest that one connector may take: its limits decide how long that is. */
const longestMs = 1_800_000;

interface Run {
  readonly connector: string;
  readonly seconds: number;
  readonly streams: number;
  readonly records: number;
  readonly requests: number;
  readonly throttled: number;
  readonly lost: number;
  readonly doubled: number;
  readonly passed: boolean;
}

/** One connector in the lab: a first load and two runs with changes between them, every record compared after each. */
async function measured(name: string): Promise<Run> {
  const { stdout, stderr, elapsedMs } = await warm(['connector', 'check', name, '--json'], {}, longestMs);
  const { result } = JSON.parse(stdout) as { result: { checked: readonly CheckedConnector[] } | null };
  const checked = result?.checked[0];
  if (checked?.figures === undefined) throw new Error(`${name} could not be run: ${stderr}`);
  return { connector: name, seconds: elapsedMs / 1000, ...checked.figures, passed: checked.passed };
}

const total = (runs: readonly Run[], key: 'throttled' | 'lost' | 'doubled'): number =>
  runs.reduce((sum, run) => sum + run[key], 0);

function tableOf(runs: readonly Run[]): string {
  const head = ['connector', 'seconds', 'streams', 'records', 'requests', 'throttled', 'lost', 'doubled', ''];
  const rows = runs.map((run) => [
    run.connector,
    run.seconds.toFixed(1),
    String(run.streams),
    String(run.records),
    String(run.requests),
    String(run.throttled),
    String(run.lost),
    String(run.doubled),
    run.passed ? 'passed' : 'not passed',
  ]);
  return tableText(head, rows, [false, true, true, true, true, true, true, true, false]);
}

/**
 * Every packaged connector in the lab under its declared limits, from its examples: requests that were refused, records that are in no
 * table or not as they are now, and rows too many. `connectors` counts those that pass their check.
 */
export async function connectors(): Promise<BenchResult> {
  const home = join(packageFolder, 'connectors');
  const names = readdirSync(home).filter((name) => existsSync(join(home, name, 'connector.yml')));
  const runs: Run[] = [];
  for (const name of names.sort()) runs.push(await measured(name));
  return {
    table: tableOf(runs),
    runs,
    figures: {
      connectors: runs.filter(({ passed }) => passed).length,
      throttled: total(runs, 'throttled'),
      lost: total(runs, 'lost'),
      doubled: total(runs, 'doubled'),
    },
  };
}
