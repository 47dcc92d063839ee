import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageFolder } from '../support/package-folder.ts';
import type { ShopRecord, ShopRecords } from './shop-records.ts';

const etlYml = (pageRecords: number): string => `kind: project
name: online_retail
vars: {page: ${pageRecords}}
environments:
  dev:
    warehouse: {type: duckdb}
`;

/** Makes the project of the acceptance in an empty folder. */
export function makeProject(folder: string, pageRecords: number): void {
  rmSync(folder, { recursive: true, force: true });
  cpSync(join(packageFolder, 'bench/retail/project'), folder, { recursive: true });
  writeFileSync(join(folder, 'etl.yml'), etlYml(pageRecords));
}

/** Gives the lab what it is to serve from its next start on. */
export function writeLabData(folder: string, records: ShopRecords): void {
  const place = join(folder, 'lab/shop');
  mkdirSync(place, { recursive: true });
  for (const [stream, of] of Object.entries(records) as [string, readonly ShopRecord[]][]) {
    writeFileSync(join(place, `${stream}.ndjson`), of.map(({ json }) => `${json}\n`).join(''));
  }
}
