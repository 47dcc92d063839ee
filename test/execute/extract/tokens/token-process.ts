import { type ChildProcess, spawn } from 'node:child_process';
import { credentialsOf } from '../../../../engine/execute/extract/tokens/credentials-of.ts';
import type * as config from '../../../../engine/model/config.ts';
import { ExplainedError } from '../../../../engine/model/errors.ts';
import type { Memory } from '../../../../engine/model/ports.ts';
import { systemClock } from '../../../../engine/services/clock.ts';
import { memoryLocks } from '../../../../engine/services/locks/memory-locks.ts';
import { redisLocks } from '../../../../engine/services/locks/redis-locks.ts';
import type { RedisOptions } from '../../../../engine/services/redis-connection.ts';
import { openStaging } from '../../../../engine/services/staging/staging.ts';
import { sourcePlan } from '../../../support/plans.ts';
import { tokenServices } from '../../../support/token-services.ts';

export const rotating: config.Auth = {
  type: 'oauth2',
  grant: 'refresh_token',
  tokenUrl: 'https://login.example/token',
  clientId: '${env:ID}',
  clientSecret: '${env:SECRET}',
  refreshToken: '${env:REFRESH}',
};

export const request = { method: 'GET', url: 'https://api.example/v1/orders', headers: {} } as const;

/** What a process is told to do. */
export interface Work {
  readonly storage: string;
  readonly url: string;
  readonly runId: string;
  /** Stands still for ever where the answer would be kept. */
  readonly stall?: boolean;
  /** Where processes lock each other out; without it they have only the database. */
  readonly redis?: RedisOptions;
}

/** A memory that never keeps what comes second: the announcement is the first. */
function stalling(memory: Memory): Memory {
  let swaps = 0;
  return {
    recall: (name) => memory.recall(name),
    remember: (name, text) => memory.remember(name, text),
    forget: (name) => memory.forget(name),
    swap: async (name, before, text) => {
      swaps += 1;
      if (swaps === 1) return memory.swap(name, before, text);
      process.stdout.write('answered\n');
      return new Promise<boolean>(() => setInterval(() => {}, 1000));
    },
  };
}

/** Waits for a line on stdin, then prints the header that a request gets, or the error's code. @public called by name */
export async function applyOnce(work: string): Promise<void> {
  const { storage, url, runId, stall, redis } = JSON.parse(work) as Work;
  const staging = openStaging({ storage, environment: 'dev', clock: systemClock });
  await staging.migrate();
  process.stdout.write('ready\n');
  await new Promise((resolve) => process.stdin.once('data', resolve));
  const locks = redis === undefined ? memoryLocks() : redisLocks(redis);
  const memory = stall === true ? stalling(staging.memory) : staging.memory;
  const services = tokenServices(url, { memory, locks, runId, clock: systemClock, random: Math.random });
  const credentials = credentialsOf(sourcePlan({ auth: rotating }), services);
  const told = await credentials.apply(request).then(
    ({ headers }) => headers['authorization'],
    (error: unknown) => (error instanceof ExplainedError ? error.diagnostic.code : String(error)),
  );
  process.stdout.write(`${told}\n`);
  process.stdin.destroy();
  await services.http.close();
  await locks.close();
  await staging.close();
}

export interface TokenProcess {
  readonly child: ChildProcess;
  /** The next line that it prints. */
  line(): Promise<string>;
}

/** Starts `applyOnce` in a process of its own. */
export function startProcess(work: Work): TokenProcess {
  const code = `import(${JSON.stringify(import.meta.url)}).then((module) => module.applyOnce(process.argv[1]))`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', code, JSON.stringify(work)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines: string[] = [];
  const waiting: ((line: string) => void)[] = [];
  let rest = '';
  child.stdout.on('data', (chunk: Buffer) => {
    const parts = (rest + chunk.toString()).split('\n');
    rest = parts.pop() ?? '';
    for (const part of parts) (waiting.shift() ?? ((line) => lines.push(line)))(part);
  });
  return {
    child,
    line: () =>
      new Promise((resolve) => {
        const known = lines.shift();
        if (known === undefined) waiting.push(resolve);
        else resolve(known);
      }),
  };
}
