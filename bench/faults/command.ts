import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Ended } from '../support/ended.ts';
import { etl } from '../support/etl.ts';
import { warm } from '../support/warm.ts';
import type { DieOptions } from './die-options.ts';

const preload = fileURLToPath(new URL('./die.js', import.meta.url));
/** A run takes a second or two, and some minutes when a database stays away; one that hangs is ended. */
const longestMs = 300_000;

export interface Command {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
}

const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** `etl run` of a project that nobody disturbs. */
export const runAlone = (folder: string, env: Environment): Promise<Ended> =>
  warm(['run', '--json', '-p', folder], env, longestMs);

type Environment = Readonly<Record<string, string>>;

export interface Audited {
  readonly status: string;
  readonly accounted_percent: number;
}

/** `etl audit` of a project. */
export async function audit(folder: string, env: Environment): Promise<Audited> {
  const { stdout } = await warm(['audit', '--json', '-p', folder], env, longestMs);
  const { result } = JSON.parse(stdout) as { readonly result: Audited | null };
  return result ?? { status: stdout, accounted_percent: 0 };
}

/** `etl run` of a project, in a process of its own. With `die`, it ends or stands still where that says. */
export function startRun(folder: string, env: Environment, die?: DieOptions): Command {
  const startedMs = performance.now();
  const args = [...(die === undefined ? [] : ['--import', preload]), etl, 'run', '--json', '-p', folder];
  const child = spawn(process.execPath, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      NO_COLOR: '1',
      ...env,
      ...(die !== undefined && { SLUICE_DIE: JSON.stringify(die) }),
    },
  });
  running.add(child);
  const late = setTimeout(() => child.kill('SIGKILL'), longestMs);
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const ended = new Promise<Ended>((resolve) => {
    child.once('close', (code, signal) => {
      clearTimeout(late);
      running.delete(child);
      resolve({ code, signal, stdout, stderr, elapsedMs: performance.now() - startedMs });
    });
  });
  return { child, ended };
}

/** Codes of what a run complained of, in order. */
export function complaints({ stdout }: Ended): readonly string[] {
  try {
    const { diagnostics } = JSON.parse(stdout) as { diagnostics: readonly { readonly code: string }[] };
    return diagnostics.map(({ code }) => code);
  } catch {
    return [];
  }
}
