import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { IncomingMessage } from 'node:http';
import { check } from '../../engine/engine.ts';
import { startLab } from '../../engine/lab/lab.ts';
import type * as config from '../../engine/model/config.ts';
import { packageFolder } from '../support/package-folder.ts';

/** A lab that keeps a list of what it was asked for. */
export interface LoggedLab {
  /** What stands for the `baseUrl` of the source. */
  readonly url: string;
  /** Paths with their queries, in the order in which they came. */
  readonly asked: string[];
  /** Adds faults to the source. */
  strike(faults: readonly config.LabFault[]): Promise<void>;
  /** Takes them away. */
  calm(): Promise<void>;
  close(): Promise<void>;
}

/** Serves the source `shop` of a project. */
export async function loggedLab(folder: string): Promise<LoggedLab> {
  const { project, diagnostics } = await check(folder, packageFolder);
  if (project === undefined) throw new Error(`the project is not valid: ${JSON.stringify(diagnostics)}`);
  const lab = await startLab(project);
  const port = Number(new URL(lab.url).port);
  const asked: string[] = [];
  const note = (message: unknown): void => {
    const { request } = message as { request: IncomingMessage };
    if (request.socket.localPort === port && request.url?.startsWith('/shop')) asked.push(request.url);
  };
  subscribe('http.server.request.start', note);
  const faults = `${lab.url}/_lab/shop/faults`;
  return {
    url: lab.sources['shop'] ?? lab.url,
    asked,
    async strike(strikes) {
      const { ok } = await fetch(faults, { method: 'POST', body: JSON.stringify(strikes) });
      if (!ok) throw new Error('the lab does not know such a fault');
    },
    async calm() {
      await fetch(faults, { method: 'DELETE' });
    },
    async close() {
      unsubscribe('http.server.request.start', note);
      await lab.close();
    },
  };
}
