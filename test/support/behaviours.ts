import { expect } from 'chai';
import { type Api, api, etl, type Handler, ordersProject, tableOf } from './cli.ts';

/** What an API does, and what is expected: codes that are said, and ids of the rows that are loaded. */
export interface Behaviour {
  readonly what: string;
  readonly more?: Parameters<typeof ordersProject>[1];
  /** Made anew for each run. */
  readonly answers: () => Handler;
  readonly exit?: number;
  readonly says?: readonly (string | RegExp)[];
  readonly loads: readonly string[];
  readonly requests?: number;
  /** How often the project is run; what is expected is said of the last time. */
  readonly runs?: number;
}

export const queryOf = (url: string | undefined): URLSearchParams =>
  new URL(url ?? '', 'http://x').searchParams;

export const raw = (
  body: string | Uint8Array,
  headers: Readonly<Record<string, string>> = {},
): (() => Handler) => {
  return () => (_, response) =>
    void response.writeHead(200, { 'content-type': 'application/json', ...headers }).end(body);
};

async function outcome({ answers, more, runs = 1 }: Behaviour): Promise<{
  readonly code: number | null;
  readonly text: string;
  readonly loaded: readonly string[];
  readonly provider: Api;
}> {
  const provider = await api(answers());
  const folder = ordersProject(provider.url, more);
  for (let run = 1; run < runs; run += 1) await etl(['run', '-p', folder]);
  const { code, stdout, stderr } = await etl(['run', '-p', folder]);
  await provider.close();
  const rows = await tableOf(folder, 'orders');
  return { code, text: stdout + stderr, loaded: rows.map(({ id }) => String(id)).sort(), provider };
}

export async function isAsExpected(behaviour: Behaviour): Promise<void> {
  const { code, text, loaded, provider } = await outcome(behaviour);
  expect(code, text).to.equal(behaviour.exit ?? 0);
  for (const said of behaviour.says ?? []) expect(text).to.match(patternOf(said));
  expect(loaded).to.deep.equal([...behaviour.loads].sort());
  if (behaviour.requests !== undefined) expect(provider.asked).to.have.length(behaviour.requests);
}

const patternOf = (said: string | RegExp): RegExp =>
  typeof said === 'string' ? new RegExp(said.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')) : said;
