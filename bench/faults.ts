import { parseArgs } from 'node:util';
import { tableText } from '../engine/report/table.ts';
import { boundaryKills, randomKills } from './faults/kills.ts';
import { type Judged, perform } from './faults/perform.ts';
import { sqlitePlace } from './faults/staging-place.ts';
import { keepResult } from './support/results.ts';

/**
 * `npm run faults [-- options]`: kills a run at every boundary of its steps and at random instants, lets it meet every fault
 * that can be caused here, runs it again, and compares what comes of it with a run that nobody disturbed. Prints a table,
 * and as its last line the figures as one JSON object.
 */
const { values } = parseArgs({
  options: {
    boundaries: { type: 'string', default: '1000000' },
    random: { type: 'string', default: '200' },
    seed: { type: 'string', default: '1' },
    lanes: { type: 'string', default: '2' },
    dialects: { type: 'string', default: 'sqlite,postgres' },
  },
});

const places = [sqlitePlace].filter(({ dialect }) => values.dialects.split(',').includes(dialect));
/** Pages of 25: enough for several transactions and load units. */
const shop = { seed: Number(values.seed), orders: 600, changed: 200, added: 100 };

const isWrong = ({ kills, lost, doubled, refetched, units, accounted, problems, group }: Judged): boolean =>
  lost + doubled + refetched + problems.length > 0 ||
  accounted < units ||
  (group.startsWith('kill') && kills === 0);

function tell(verdict: Judged, done: number, of: number): void {
  if (isWrong(verdict))
    process.stderr.write(`${verdict.dialect}, ${verdict.group}: ${JSON.stringify(verdict)}\n`);
  else if (done % 25 === 0) process.stderr.write(`${verdict.dialect}: ${done} of ${of}\n`);
}

const verdicts: Judged[] = [];
for (const place of places)
  verdicts.push(
    ...(await perform({
      place,
      shop,
      lanes: Number(values.lanes),
      plan: (ground) => [
        ...boundaryKills(ground, Number(values.boundaries)),
        ...randomKills(Number(values.random), Number(values.seed)),
      ],
      judged: tell,
    })),
  );

const sum = (
  of: readonly Judged[],
  name: 'kills' | 'lost' | 'doubled' | 'refetched' | 'units' | 'accounted',
) => of.reduce((total, verdict) => total + verdict[name], 0);

/** Two decimals, and never 100 unless it is all. */
const percent = (of: readonly Judged[]): number =>
  Math.floor((10_000 * sum(of, 'accounted')) / Math.max(1, sum(of, 'units'))) / 100;

const groups = [...new Set(verdicts.map(({ dialect, group }) => `${dialect}, ${group}`))];
const rows = groups.map((name) => {
  const own = verdicts.filter(({ dialect, group }) => `${dialect}, ${group}` === name);
  const counts = (['kills', 'lost', 'doubled', 'refetched'] as const).map((column) => sum(own, column));
  const inFlight = Math.max(...own.map((verdict) => verdict.inFlight));
  const wrong = own.filter(isWrong).length;
  return [name, own.length, ...counts, inFlight, percent(own), wrong].map(String);
});
const head = [
  '',
  'trials',
  'kills',
  'lost',
  'doubled',
  'refetched',
  'most in flight',
  'accounted %',
  'wrong',
];
const table = tableText(
  head,
  rows,
  head.map((_, at) => at > 0),
);
const figures = {
  kills: sum(verdicts, 'kills'),
  faults: verdicts.filter(({ group }) => !group.startsWith('kill')).length,
  lost: sum(verdicts, 'lost'),
  doubled: sum(verdicts, 'doubled'),
  refetched_pages: sum(verdicts, 'refetched'),
  accounted_percent: percent(verdicts),
};
const command = ['npm run faults', ...process.argv.slice(2)].join(' ');
keepResult('faults', command, { table, runs: verdicts, figures });
process.stdout.write(`${table}\n${JSON.stringify(figures)}\n`);
if (verdicts.some(isWrong)) process.exitCode = 1;
