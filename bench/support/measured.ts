import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { type Cost, ProcessSampler } from './process-sampler.ts';

/** What one process and its children cost, from its start to its end. */
export interface Measured extends Cost {
  readonly elapsedMs: number;
  readonly stdout: string;
}

/** Runs a script with Node to its end, with `env` added. @throws Error with what it printed, unless it exits with 0 */
export async function measured(
  script: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Measured> {
  const startedMs = performance.now();
  const child = spawn(process.execPath, [script, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  });
  const sampler = new ProcessSampler(child.pid ?? 0);
  const printed = Promise.all([text(child.stdout), text(child.stderr)]);
  const [code] = (await once(child, 'exit')) as [number | null];
  const elapsedMs = performance.now() - startedMs;
  const cost = sampler.stop();
  const [stdout, stderr] = await printed;
  if (code === 0) return { elapsedMs, ...cost, stdout };
  throw new Error(`${script} ${args.join(' ')} ended with ${code}:\n${stderr}\n${stdout}`);
}
