import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { packageFolder } from './package-folder.ts';

/** What a bench hands back: a table for people, and the same for programs. */
export interface BenchResult {
  readonly table: string;
  /** Every run as measured, the ones that no figure shows included. */
  readonly runs: readonly unknown[];
  /** The last line, key by key. */
  readonly figures: Figures;
}

/** Figures by name; those of what a bench compares with are an object each. */
export interface Figures {
  readonly [name: string]: number | { readonly [name: string]: number };
}

const packages = [
  '@duckdb/node-api',
  '@photostructure/sqlite',
  'undici',
  'ioredis',
  'bottleneck',
  'rate-limiter-flexible',
] as const;

const versionIn = (folder: string): string =>
  (JSON.parse(readFileSync(join(packageFolder, folder, 'package.json'), 'utf8')) as { version: string })
    .version;

/** Keeps a result in `bench/results/NAME.json`. */
export function keepResult(name: string, command: string, { runs, figures }: BenchResult): void {
  const kept = {
    bench: name,
    date: new Date().toISOString(),
    command,
    node: process.version,
    cores: availableParallelism(),
    versions: {
      sluice: versionIn('.'),
      ...Object.fromEntries(packages.map((name) => [name, versionIn(join('node_modules', name))])),
    },
    figures,
    runs,
  };
  const folder = join(packageFolder, 'bench/results');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${name}.json`), `${JSON.stringify(kept, null, 2)}\n`);
}

/** What `bench/results/NAME.json` holds; undefined where there is none. */
export function keptResult<Run>(
  name: string,
): { readonly command: string; readonly runs: readonly Run[] } | undefined {
  const file = join(packageFolder, 'bench/results', `${name}.json`);
  if (!existsSync(file)) return undefined;
  return JSON.parse(readFileSync(file, 'utf8')) as {
    readonly command: string;
    readonly runs: readonly Run[];
  };
}
