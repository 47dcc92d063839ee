import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import type { LabStats } from '../../engine/lab/lab.ts';
import { etl } from './etl.ts';

/** A lab in a process of its own: it is the other side, and what it uses is not the engine's. */
export interface LabServer {
  readonly url: string;
  /** Base URL of each source. */
  readonly sources: ReadonlyMap<string, string>;
  /** Ends it and tells what it served, by source. */
  stop(): Promise<{ readonly [source: string]: LabStats }>;
}

/** `etl lab` of a project, once it serves. @throws Error with what it printed when it does not */
export async function serveLab(project: string, options: readonly string[] = []): Promise<LabServer> {
  const args = [etl, 'lab', '--project', project, '--port', '0', '--json', ...options];
  const child = spawn(process.execPath, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const stdout = text(child.stdout as NonNullable<ChildProcess['stdout']>);
  const said = await announcement(child);
  const url = /--lab-url (\S+)/.exec(said)?.[1] ?? '';
  const sources = new Map(
    [...said.matchAll(/^(\w+): (\S+)$/gm)].map(([, name = '', base = '']) => [name, base]),
  );
  return {
    url,
    sources,
    async stop() {
      const exited = once(child, 'exit');
      child.kill('SIGINT');
      await exited;
      return (JSON.parse(await stdout) as { result: { readonly [source: string]: LabStats } }).result;
    },
  };
}

/** What it says on stderr until it serves. The rest is read, too: a pipe that nobody reads would break it. */
function announcement(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      if (/--lab-url \S+\n/.test(said)) resolve(said);
    });
    child.once('exit', () => reject(new Error(`the lab ended before it served:\n${said}`)));
  });
}
