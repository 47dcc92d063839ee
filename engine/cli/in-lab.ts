import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import type { Diagnostic } from '../model/diagnostic.ts';
import { TerminalError } from '../model/errors.ts';
import type { Project } from '../model/project.ts';

/** The lab is an environment of its own, so that its records and budgets never mix with an account's: it shares none. */
export const inLab = ({ redis: _, alerts: __, requires: ___, metrics, ...project }: Project): Project => ({
  ...project,
  ...(metrics && isPlain(metrics.otlp?.url) && { metrics }),
  environment: 'lab',
  staging: {
    dialect: 'sqlite',
    storage: '.etl/lab/staging.sqlite',
    ...(project.staging.rows === false && { rows: false }),
  },
  warehouse: { ...project.warehouse, type: 'duckdb', path: '.etl/lab/warehouse.duckdb' },
  ...(project.tokenKey !== undefined && { tokenKey: 'of the lab, whose tokens are no secret' }),
  ...(project.pageKey !== undefined && { pageKey: 'of the lab, whose records are no secret' }),
  // The lab has credentials of its own for every reference.
  references: [],
});

/** The lab needs no variable: what is behind one is left out there. */
const isPlain = (url = ''): boolean => !url.includes('${');

export interface LabProcess {
  readonly url: string;
  close(): Promise<void>;
}

/** What the lab's process says once. */
export type LabMessage = { readonly url: string } | { readonly diagnostic: Diagnostic };

/** Starts the lab in a process of its own: it is the other side, and its work is not the engine's. */
export async function startLabProcess(folder: string, environment: string | undefined): Promise<LabProcess> {
  const child = fork(new URL('./lab-process.js', import.meta.url), [folder, environment ?? ''], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const message = (await Promise.race([
    once(child, 'message').then(([first]) => first),
    ended(child),
  ])) as LabMessage;
  if ('diagnostic' in message) throw new TerminalError(message.diagnostic);
  return {
    url: message.url,
    close: async () => {
      if (child.exitCode !== null) return;
      child.disconnect();
      await once(child, 'exit');
    },
  };
}

async function ended(child: ChildProcess): Promise<never> {
  const [code] = await once(child, 'exit');
  throw new Error(`the lab's process ended with code ${code} before it served`);
}
