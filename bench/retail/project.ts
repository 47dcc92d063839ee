import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageFolder } from '../support/package-folder.ts';
import type { ShopRecord, ShopRecords } from './shop-records.ts';

const etlYml = (pageRecords: number, staging: string): string => `kind: project
name: online_retail
vars: {page: ${pageRecords}}
environments:
  dev:
    staging: ${staging}
    warehouse: {type: duckdb}
`;

/**
 * Makes the project of the acceptance in an empty folder. With `staging`, its settings, it reads the shop at SHOP_URL instead
 * of in the lab's own environment.
 */
export function makeProject(folder: string, pageRecords: number, staging?: string): void {
  rmSync(folder, { recursive: true, force: true });
  cpSync(join(packageFolder, 'bench/retail/project'), folder, { recursive: true });
  writeFileSync(join(folder, 'etl.yml'), etlYml(pageRecords, staging ?? '{dialect: sqlite}'));
  if (staging === undefined) return;
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
