import { parseArgs } from 'node:util';
import { tableText } from '../engine/report/table.ts';
import { faultsOf } from './faults/causes/all.ts';
import type { Ground } from './faults/ground.ts';
import { boundaryKills, type Planned, randomKills } from './faults/kills.ts';
import { type Judged, perform } from './faults/perform.ts';
import { postgresPlace } from './faults/postgres-place.ts';
import { type StagingPlace, sqlitePlace } from './faults/staging-place.ts';
import { hasPostgresServer, PostgresServer } from './support/postgres-server.ts';
import { keepResult, keptResult } from './support/results.ts';

/**
 * `npm run faults [-- options]`: kills a run at every boundary of its steps and at random instants, lets it meet every fault
 * that can be caused here, runs it again, and compares what comes of it with a run that nobody disturbed. Prints a table,
 * and as its last line the figures as one JSON object.
 */
const { values } = parseArgs({
  options: {
    boundaries: { type: 'string', default: '1000000' },
    random: { type: 'string', default: '200' },
    'all-mappings': { type: 'string', default: '120' },
    seed: { type: 'string', default: '1' },
    lanes: { type: 'string', default: '2' },
    dialects: { type: 'string', default: 'sqlite,postgres' },
    'no-faults': { type: 'boolean', default: false },
    // The whole takes hours: a part can be added to what the parts before have shown.
    add: { type: 'boolean', default: false },
  },
});

/** Two mappings of one stream are disturbed wherever that can be; all of the project, at so many places. */
const twoMappings = ['orders', 'order_lines'];
const elsewhere = Number(values['all-mappings']) / 2;

/** Pages of 25: enough for several transactions and load units. */
const shop = { seed: Number(values.seed), orders: 300, changed: 90, added: 30 };

const isWrong = ({ kills, lost, doubled, refetched, units, accounted, problems, group }: Judged): boolean =>
  lost + doubled + refetched + problems.length > 0 ||
  accounted < units ||
  (group.startsWith('kill') && kills === 0);

function tell(verdict: Judged, done: number, of: number): void {
  if (isWrong(verdict))
    process.stderr.write(`${verdict.dialect}, ${verdict.group}: ${JSON.stringify(verdict)}\n`);
  else if (done % 25 === 0) process.stderr.write(`${verdict.dialect}: ${done} of ${of}\n`);
  soFar.push(verdict);
  if (done % 25 === 0) keep(soFar);
}

/** What runs before have shown, and by which command. */
const earlier: { readonly command: string; readonly runs: readonly Judged[] } | undefined = values.add
  ? keptResult('faults')
  : undefined;

/** What a run before has shown is not tried again. */
const isShown = (dialect: string, { group, name }: Planned): boolean =>
  name !== undefined &&
  (earlier?.runs ?? []).some((run) => run.dialect === dialect && run.group === group && run.name === name);

/** What was judged, also of trials that are not done with: a run takes an hour and more. */
const soFar: Judged[] = [...(earlier?.runs ?? [])];

const skip = (what: string): void => void process.stderr.write(`SKIPPED: ${what}\n`);

async function performOn(place: StagingPlace, server?: PostgresServer): Promise<void> {
  const { planned, skipped } = faultsOf(place.dialect, server);
  for (const what of skipped) skip(`${place.dialect}, ${what}`);
  const lanes = Number(values.lanes);
  const kills =
    (boundaries: number, random: number, where = '') =>
    (ground: Ground): readonly Planned[] =>
      [...boundaryKills(ground, boundaries), ...randomKills(random, Number(values.seed))]
        .map((kill) => ({ ...kill, group: kill.group + where }))
        .filter((kill) => !isShown(place.dialect, kill));
  const work = { place, lanes, judged: tell };
  const most = kills(Number(values.boundaries), Number(values.random));
  await perform({ ...work, bed: { shop, mappings: twoMappings }, plan: most });
  if (elsewhere > 0)
    await perform({ ...work, bed: { shop }, plan: kills(elsewhere, elsewhere, ', all mappings') });
  if (values['no-faults']) return;
  // One after the other: what is done to a server, or a disk, is felt by all that use it.
  await perform({ ...work, bed: { shop }, lanes: 1, plan: () => planned });
}

const sum = (
  of: readonly Judged[],
  name: 'kills' | 'lost' | 'doubled' | 'refetched' | 'units' | 'accounted',
) => of.reduce((total, verdict) => total + verdict[name], 0);

/** Two decimals, and never 100 unless it is all. */
const percent = (of: readonly Judged[]): number =>
  Math.floor((10_000 * sum(of, 'accounted')) / Math.max(1, sum(of, 'units'))) / 100;

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

function tableOf(verdicts: readonly Judged[]): string {
  const groups = [...new Set(verdicts.map(({ dialect, group }) => `${dialect}, ${group}`))];
  const rows = groups.map((name) => {
    const own = verdicts.filter(({ dialect, group }) => `${dialect}, ${group}` === name);
    const counts = (['kills', 'lost', 'doubled', 'refetched'] as const).map((column) => sum(own, column));
    const inFlight = Math.max(...own.map((verdict) => verdict.inFlight));
    const wrong = own.filter(isWrong).length;
    return [name, own.length, ...counts, inFlight, percent(own), wrong].map(String);
  });
  return tableText(
    head,
    rows,
    head.map((_, at) => at > 0),
  );
}

/** Writes what these trials have shown, and gives it for people and as figures. */
function keep(verdicts: readonly Judged[]): { readonly table: string; readonly figures: object } {
  const figures = {
    kills: sum(verdicts, 'kills'),
    faults: verdicts.filter(({ group }) => !group.startsWith('kill')).length,
    lost: sum(verdicts, 'lost'),
    doubled: sum(verdicts, 'doubled'),
    refetched_pages: sum(verdicts, 'refetched'),
    accounted_percent: percent(verdicts),
  };
  const table = tableOf(verdicts);
  const command = ['npm run faults', ...process.argv.slice(2)].join(' ');
  keepResult('faults', [...(earlier === undefined ? [] : [earlier.command]), command].join('; '), {
    table,
    runs: verdicts,
    figures,
  });
  return { table, figures };
}

const dialects = values.dialects.split(',');
if (dialects.includes('sqlite')) await performOn(sqlitePlace);
if (dialects.includes('postgres')) {
  if (!hasPostgresServer()) skip('postgres: PostgreSQL is not installed');
  else {
    const server = await PostgresServer.start();
    try {
      await performOn(postgresPlace(server), server);
    } finally {
      await server.stop();
    }
  }
}

const { table, figures } = keep(soFar);
process.stdout.write(`${table}\n${JSON.stringify(figures)}\n`);
if (soFar.some(isWrong)) process.exitCode = 1;
