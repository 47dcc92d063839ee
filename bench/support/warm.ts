import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Ended } from './ended.ts';

/** What a process that stays is to do: the command's words, and its whole environment. */
export interface WarmCommand {
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** Where it is performed. */
  readonly folder: string;
}

export type WarmAnswer = Pick<Ended, 'stdout' | 'stderr'> & { readonly code: number };

const script = fileURLToPath(new URL('./warm-process.js', import.meta.url));
/** Processes that wait for work. */
const idle: ChildProcess[] = [];

/**
 * Performs a command that nothing is done to in a process that has done others before: most of what a short command costs is
 * to start, and to compile what it is made of.
 */
export async function warm(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  longestMs: number,
  folder = process.cwd(),
): Promise<Ended> {
  const startedMs = performance.now();
  const whole = { ...process.env, NO_COLOR: '1', ...env };
  const child = idle.pop() ?? fork(script, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'], env: whole });
  hold(child, true);
  const late = setTimeout(() => child.kill('SIGKILL'), longestMs);
  const ended = await new Promise<Omit<Ended, 'elapsedMs'>>((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal, stdout: '', stderr: '' }));
    child.once('message', (answer) => resolve({ ...(answer as WarmAnswer), signal: null }));
    child.send({ args, env: whole, folder } satisfies WarmCommand);
  });
  clearTimeout(late);
  child.removeAllListeners();
  if (child.connected) {
    hold(child, false);
    idle.push(child);
  }
  return { ...ended, elapsedMs: performance.now() - startedMs };
}

/** Only a process at work keeps this one alive. */
function hold(child: ChildProcess, isAtWork: boolean): void {
  if (isAtWork) child.ref();
  else child.unref();
  if (isAtWork) child.channel?.ref();
  else child.channel?.unref();
}
