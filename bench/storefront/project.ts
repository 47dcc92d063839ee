import { cpSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageFolder } from '../support/package-folder.ts';

const etlYml = (records: number): string => `kind: project
name: storefront_bench
vars: {records: ${records}}
environments:
  dev:
    warehouse: {type: duckdb, memory: 256MiB}
`;

/** Makes the project of the bench: one stream of made-up orders, one table. */
export function makeProject(folder: string, records: number): void {
  rmSync(folder, { recursive: true, force: true });
  cpSync(join(packageFolder, 'bench/storefront/project'), folder, { recursive: true });
  writeFileSync(join(folder, 'etl.yml'), etlYml(records));
}
