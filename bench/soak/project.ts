import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageFolder } from '../support/package-folder.ts';

/** How the engine stages in a run of the soak: the setting of `staging:` as YAML. */
export interface SoakMode {
  readonly name: 'pages' | 'rows_sqlite' | 'rows_postgres';
  readonly staging: string;
}

/** Makes the project: the orders of the storefront bench, read at `baseUrl` by an environment of its own. */
export function makeSoakProject(folder: string, records: number, { staging }: SoakMode): void {
  rmSync(folder, { recursive: true, force: true });
  cpSync(join(packageFolder, 'bench/storefront/project'), folder, { recursive: true });
  writeFileSync(
    join(folder, 'etl.yml'),
    `kind: project
name: soak
vars: {records: ${records}}
environments:
  dev:
    staging: ${staging}
    warehouse: {type: duckdb, memory: 96MiB}
`,
  );
  const source = join(folder, 'sources/shop.yml');
  const text = readFileSync(source, 'utf8');
  writeFileSync(source, text.replace(/^baseUrl: .*$/m, 'baseUrl: "${env:SOAK_SHOP_URL}"'));
}
