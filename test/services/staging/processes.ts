import { type ChildProcess, spawn } from 'node:child_process';
import { mappingPlan, type SamplePage, stagedPage, streamPlan } from '../../contracts/staging-samples.ts';
import { type Place, stagingAt } from './places.ts';

/** What child processes do: each function of this module can run in one. */
export const mapping = mappingPlan({ id: 'string', note: 'string' });
export const rowsPerPage = 40;
export const pagesPerCommit = 4;

/** Commits pages until it is killed; says so after each commit. @public called by name */
export async function commitForever(place: Place): Promise<void> {
  const staging = stagingAt(place);
  await staging.migrate();
  await staging.prepare(mapping);
  for (;;) {
    const first = await staging.reservePages(pagesPerCommit);
    const pages = Array.from({ length: pagesPerCommit }, (_, at) => stagedPage(pageOf(first + at)));
    await staging.commit(streamPlan(), pages);
    process.stdout.write(`${first + pagesPerCommit - 1}\n`);
  }
}

const pageOf = (id: number): SamplePage => ({
  id,
  rows: Array.from({ length: rowsPerPage }, (_, at) => ({ values: [`${id}-${at}`, 'x'.repeat(200)] })),
  position: { cursor: String(id) },
});

/** Migrates, then reserves page ids many times; prints the first of each. @public called by name */
export async function reserveMany(place: Place, times: string): Promise<void> {
  const staging = stagingAt(place);
  await staging.migrate();
  for (let time = 0; time < Number(times); time += 1)
    process.stdout.write(`${await staging.reservePages(3)}\n`);
  await staging.close();
}

/** Counts up by swapping, many times; prints each number that it set. @public called by name */
export async function swapMany(place: Place, times: string): Promise<void> {
  const staging = stagingAt(place);
  for (let swaps = 0; swaps < Number(times); ) {
    const before = await staging.memory.recall('count');
    const next = String(Number(before ?? 0) + 1);
    if (!(await staging.memory.swap('count', before, next))) continue;
    swaps += 1;
    process.stdout.write(`${next}\n`);
  }
  await staging.close();
}

/** Starts a function of this module in a process of its own. */
export function start(
  work: 'commitForever' | 'reserveMany' | 'swapMany',
  ...args: readonly [Place, ...string[]]
): ChildProcess {
  const code = `import(${JSON.stringify(import.meta.url)}).then((module) => module.${work}(...process.argv.slice(1).map(JSON.parse)))`;
  return spawn(
    process.execPath,
    ['--input-type=module', '-e', code, ...args.map((arg) => JSON.stringify(arg))],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
}

/** What a process prints until it ends or is killed. */
export async function linesOf(child: ChildProcess): Promise<readonly string[]> {
  let text = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  await new Promise((resolve) => child.once('close', resolve));
  return text.split('\n').slice(0, -1);
}
