import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { snowflakeOptions } from '../../engine/cli/snowflake.ts';
import { check, plan } from '../../engine/engine.ts';
import type { DefineStep, LoadStep } from '../../engine/model/plan.ts';
import { emptyState } from '../../engine/model/snapshot.ts';
import type { SnowflakeOptions } from '../../engine/services/snowflake-warehouse/snowflake-options.ts';
import { preset } from '../../test/support/snowflake/stand-in.ts';
import { packageFolder } from '../support/package-folder.ts';
import { saleTypes } from './sales.ts';

export interface LoadProject {
  readonly options: SnowflakeOptions;
  readonly definitions: readonly string[];
  readonly load: LoadStep;
}

/** A project that loads sales into a Snowflake at `url`, as the engine compiles it. */
export async function loadProject(folder: string, url: string): Promise<LoadProject> {
  const { account, username, database, role, warehouse } = preset;
  process.env['BENCH_SNOWFLAKE_PASSWORD'] = preset.password;
  const settings = { type: 'snowflake', account, user: username, database, role, warehouse, host: url };
  const files = {
    'etl.yml': `kind: project\nname: bench\nenvironments:\n  dev:\n    warehouse: ${JSON.stringify({ ...settings, password: '${env:BENCH_SNOWFLAKE_PASSWORD}' })}\n`,
    'sources/shop.yml':
      'kind: source\nname: shop\nbaseUrl: https://api.example\nstreams:\n  sales:\n    request: {path: /sales}\n    primaryKey: [id]\n    cursor: {field: changed_at, from: {query: since}}\n',
    'mappings/sales.yml': `kind: mapping\nname: sales\nfrom: shop.sales\nto: {schema: sales}\nload: {key: [id]}\nproperties:\n  id: {from: id, type: string}\n${Object.entries(
      saleTypes,
    )
      .map(([name, type]) => `  ${name}: {from: ${name}, type: "${type}"}\n`)
      .join('')}`,
  };
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(folder, name, '..'), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  const checked = await check(folder, packageFolder);
  if (checked.project === undefined) throw new Error(JSON.stringify(checked.diagnostics));
  const { plan: compiled } = plan(checked, checked.project, '0', emptyState);
  const steps = compiled?.steps ?? [];
  return {
    options: snowflakeOptions(checked.project),
    definitions: steps
      .filter((step): step is DefineStep => step.kind === 'define')
      .flatMap(({ statements }) => statements),
    load: steps.find((step): step is LoadStep => step.kind === 'load') as LoadStep,
  };
}
