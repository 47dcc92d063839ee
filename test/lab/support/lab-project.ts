import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type Lab, type LabOptions, startLab } from '../../../engine/lab/lab.ts';
import type * as config from '../../../engine/model/config.ts';
import { TerminalError } from '../../../engine/model/errors.ts';
import type { Clock } from '../../../engine/model/ports.ts';
import type { Project } from '../../../engine/model/project.ts';

const folders: string[] = [];
const labs: Lab[] = [];

/** A new folder with these files, by relative path. It is removed by {@link closeLabs}. */
function folderWith(files: { readonly [path: string]: string | Uint8Array } = {}): string {
  const folder = mkdtempSync(join(tmpdir(), 'lab-'));
  folders.push(folder);
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
  return folder;
}

/** A project of these sources. */
const projectOf = (folder: string, sources: readonly config.Source[]): Project => ({
  folder,
  name: 'test',
  environment: 'dev',
  staging: {},
  warehouse: {},
  sources,
  mappings: [],
  tests: [],
  overrides: [],
  references: [],
  templates: {},
  ownTemplates: [],
  connectorFolders: {},
});

/** The source `shop` with one stream `orders` at `/orders`. */
export const shop = (
  stream: Partial<config.Stream> = {},
  source: Partial<config.Source> = {},
): config.Source => ({
  kind: 'source',
  name: 'shop',
  baseUrl: 'https://shop.example/api/v1',
  streams: { orders: { request: { path: '/orders' }, primaryKey: ['id'], ...stream } },
  ...source,
});

/** Starts a lab that {@link closeLabs} ends. */
export async function start(
  sources: readonly config.Source[],
  files: { readonly [path: string]: string | Uint8Array } = {},
  options: LabOptions = {},
): Promise<Lab> {
  const lab = await startLab(projectOf(folderWith(files), sources), options);
  labs.push(lab);
  return lab;
}

/** Ends every lab and removes every folder that a test made. */
export async function closeLabs(): Promise<void> {
  for (const lab of labs.splice(0)) await lab.close();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
}

/** Records as NDJSON. */
const ndjson = (records: readonly unknown[]): string =>
  records.map((record) => `${JSON.stringify(record)}\n`).join('');

/** Records `{id: 1}` to `{id: count}`. */
export const numbered = (count: number): readonly { readonly id: number }[] =>
  Array.from({ length: count }, (_, index) => ({ id: index + 1 }));

/** The data file of `shop.orders`. */
export const orders = (records: readonly unknown[]): { readonly [path: string]: string } => ({
  'lab/shop/orders.ndjson': ndjson(records),
});

export interface Reply<T> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: T;
}

/** Sends one request and reads the JSON of the answer. */
export async function get<T = unknown>(url: string, init: RequestInit = {}): Promise<Reply<T>> {
  const response = await fetch(url, init);
  return { status: response.status, headers: response.headers, body: (await response.json()) as T };
}

/** The message of the JSON error that a request gets. */
export async function errorOf(url: string, init: RequestInit = {}): Promise<string> {
  const { status, body } = await get<{ error: { message: string } }>(url, init);
  return `${status}: ${body.error.message}`;
}

/** The failure that keeps a lab from starting: code, summary and help. */
export async function failureOf(starting: Promise<unknown>): Promise<string> {
  try {
    await starting;
  } catch (thrown) {
    if (thrown instanceof TerminalError) return [thrown.message, ...thrown.diagnostic.help].join('\n');
    throw thrown;
  }
  throw new Error('the lab started');
}

/** A clock that moves only when it is told. */
export class StillClock implements Clock {
  private us = 0;

  now(): number {
    return this.us / 1000;
  }

  monotonicUs(): number {
    return this.us;
  }

  async sleep(ms: number): Promise<void> {
    this.advance(ms);
  }

  advance(ms: number): void {
    this.us += ms * 1000;
  }
}
