import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageFolder } from '../support/package-folder.ts';
import type { ShopRecord, ShopRecords } from './shop-records.ts';

/** Settings of databases, as `etl.yml` has them; without them the embedded ones. */
interface Databases {
  readonly staging?: string;
  readonly warehouse?: string;
}

const etlYml = (pageRecords: number, { staging, warehouse }: Databases): string => `kind: project
name: online_retail
vars: {page: ${pageRecords}}
environments:
  dev:
    staging: ${staging ?? '{dialect: sqlite}'}
    warehouse: ${warehouse ?? '{type: duckdb}'}
`;

/**
 * Makes the project of the acceptance in an empty folder. With databases of its own it reads the shop at SHOP_URL instead of
 * in the lab's own environment.
 */
export function makeProject(folder: string, pageRecords: number, databases?: Databases): void {
  rmSync(folder, { recursive: true, force: true });
  cpSync(join(packageFolder, 'bench/retail/project'), folder, { recursive: true });
  writeFileSync(join(folder, 'etl.yml'), etlYml(pageRecords, databases ?? {}));
  if (databases === undefined) return;
  const source = join(folder, 'sources/shop.yml');
  const text = readFileSync(source, 'utf8');
  writeFileSync(source, text.replace(/^baseUrl: .*$/m, 'baseUrl: "${env:SHOP_URL}"'));
}

/** Gives the lab what it is to serve from its next start on. */
export function writeLabData(folder: string, records: ShopRecords): void {
  const place = join(folder, 'lab/shop');
  mkdirSync(place, { recursive: true });
  for (const [stream, of] of Object.entries(records) as [string, readonly ShopRecord[]][]) {
    writeFileSync(join(place, `${stream}.ndjson`), of.map(({ json }) => `${json}\n`).join(''));
  }
}
