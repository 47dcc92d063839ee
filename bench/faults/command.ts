import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { etl } from '../support/etl.ts';
import type { DieOptions } from './die-options.ts';

const preload = fileURLToPath(new URL('./die.js', import.meta.url));
/** A run takes a second or two, and some minutes when a database stays away; one that hangs is ended. */
const longestMs = 300_000;

export interface Ended {
  /** Exit code; null when a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly elapsedMs: number;
}

export interface Command {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
}

const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** `etl run` of a project. With `die`, the process ends or stands still where that says. */
export const startRun = (folder: string, env: Environment, die?: DieOptions): Command =>
  start('run', folder, env, die);

type Environment = Readonly<Record<string, string>>;

export interface Audited {
  readonly status: string;
  readonly accounted_percent: number;
}

/** `etl audit` of a project. */
export async function audit(folder: string, env: Environment): Promise<Audited> {
  const { stdout } = await start('audit', folder, env).ended;
  const { result } = JSON.parse(stdout) as { readonly result: Audited | null };
  return result ?? { status: stdout, accounted_percent: 0 };
}

function start(command: 'run' | 'audit', folder: string, env: Environment, die?: DieOptions): Command {
  const startedMs = performance.now();
  const args = [...(die === undefined ? [] : ['--import', preload]), etl, command, '--json', '-p', folder];
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
