import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { packageFolder } from '../support/package-folder.ts';

const home = join(packageFolder, 'test/servers/parse');

/** Whether Parse Server was installed in its folder: it is no dependency of this package. */
export const hasParseServer = (): boolean => existsSync(join(home, 'node_modules/parse-server'));

export interface ParseServer {
  readonly url: string;
  /** Ends it and tells how many reads it answered and refused. */
  stop(): Promise<{ readonly answered: number; readonly refused: number }>;
}

/** Starts Parse Server with records, in `folder`. @throws Error with what it printed when it does not serve */
export async function startParseServer(
  folder: string,
  databaseUrl: string,
  records: number,
): Promise<ParseServer> {
  mkdirSync(folder, { recursive: true });
  const child = spawn(process.execPath, [join(home, 'start.js')], {
    // Its logs are written to where it is started.
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, DATABASE_URL: databaseUrl, RECORDS: String(records) },
  });
  const stderr = text(child.stderr);
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    said += chunk;
  });
  const url = await ready(child, () => said).catch(async () => {
    throw new Error(`Parse Server did not start:\n${said}\n${await stderr}`);
  });
  return {
    url,
    async stop() {
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      await exited;
      return JSON.parse(said.trim().split('\n').at(-1) ?? '') as { answered: number; refused: number };
    },
  };
}

function ready(child: ChildProcess, said: () => string): Promise<string> {
  return new Promise((resolve, reject) => {
    child.stdout?.on('data', () => {
      const url = /^ready (\S+)$/m.exec(said())?.[1];
      if (url !== undefined) resolve(url);
    });
    child.once('exit', reject);
  });
}
