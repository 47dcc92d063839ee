import { parseArgs } from 'node:util';
import { storefrontDay } from './limits/day/day.ts';
import { faults } from './limits/faults.ts';
import { rates } from './limits/rates.ts';
import { rowsTable } from './limits/row.ts';
import type { Outcome, Scenario } from './limits/scenario.ts';
import { sharedQuota } from './limits/shared-quota.ts';
import { median } from './support/numbers.ts';
import { hasRedisServer, RedisServer } from './support/redis-server.ts';
import type { BenchResult, Figures } from './support/results.ts';

const scenarios: readonly Scenario[] = [...rates, ...faults, sharedQuota, storefrontDay];

/** Figures key by key, each the median of its rounds. */
function medians(rounds: readonly Figures[]): Figures {
  const keys = [...new Set(rounds.flatMap((round) => Object.keys(round)))];
  return Object.fromEntries(
    keys.map((key) => [key, medianOf(rounds.map((round) => round[key]).filter((one) => one !== undefined))]),
  );
}

function medianOf(values: readonly Figures[string][]): Figures[string] {
  const numbers = values.filter((value) => typeof value === 'number');
  const objects = values.filter((value) => typeof value === 'object');
  return numbers.length > 0 ? median(numbers) : (medians(objects) as { readonly [name: string]: number });
}

function optionsOf(args: readonly string[]): {
  readonly chosen: readonly Scenario[];
  readonly repeat: number;
} {
  const { values } = parseArgs({
    args: [...args],
    options: { only: { type: 'string' }, repeat: { type: 'string', default: '1' } },
  });
  const repeat = Number(values.repeat);
  if (!Number.isSafeInteger(repeat) || repeat < 1)
    throw new Error('--repeat is a whole number of at least 1');
  const names = values.only?.split(',');
  const unknown = names?.find((name) => scenarios.every((one) => one.name !== name));
  if (unknown !== undefined)
    throw new Error(`--only ${unknown}: it is one of ${scenarios.map(({ name }) => name).join(', ')}`);
  return { chosen: scenarios.filter(({ name }) => names?.includes(name) ?? true), repeat };
}

/**
 * How well a limit that several processes share is kept and used, beside other limiters in the same run: real processes
 * with the engine's limiter and HTTP client, against a provider in a process of its own that refuses strictly.
 */
export async function limits(args: readonly string[]): Promise<BenchResult> {
  const { chosen, repeat } = optionsOf(args);
  if (!hasRedisServer())
    throw new Error('The processes share their limits in Redis, and there is no `redis-server` on the PATH.');
  const redis = await RedisServer.start();
  const outcomes: Outcome[] = [];
  const rounds: Figures[] = [];
  try {
    for (let round = 1; round <= repeat; round += 1) {
      const before = outcomes.length;
      for (const { name, run } of chosen) {
        process.stderr.write(`${name} …\n`);
        outcomes.push(await run(redis.url));
      }
      rounds.push(Object.assign({}, ...outcomes.slice(before).map(({ figures }) => figures)) as Figures);
    }
  } finally {
    await redis.stop();
  }
  const notes = outcomes.flatMap((outcome) => outcome.notes ?? []);
  return {
    table: [rowsTable(outcomes.flatMap(({ rows }) => rows)), ...notes].join('\n'),
    runs: outcomes,
    figures: medians(rounds),
  };
}
