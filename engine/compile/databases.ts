import type * as config from '../model/config.ts';
import type { StagingPlan, WarehousePlan } from '../model/plan.ts';
import { parseDuration, parseSize } from '../model/units.ts';
import { homeSchema } from '../model/warehouse-home.ts';
import { compileSnowflake } from './snowflake.ts';

/** How the warehouse is reached, without credentials. */
export const compileWarehouse = (settings: config.WarehouseSettings): WarehousePlan => {
  const { type, path, memory, url = '' } = settings;
  if (type === 'snowflake') return compileSnowflake(settings);
  return type === 'postgres'
    ? { type, url, schema: homeSchema(settings) }
    : {
        type: 'duckdb',
        path: path ?? '.etl/warehouse.duckdb',
        memoryBytes: parseSize(memory ?? '256MiB'),
      };
};

export const compileStaging = (settings: config.StagingSettings): StagingPlan => {
  const { dialect, storage, url = '', schema, rows } = settings;
  const kept = { keep: retention(settings.keep), ...(rows === false && { rows }) };
  return dialect === 'postgres'
    ? { dialect, url, schema: schema ?? 'sluice', ...kept }
    : { dialect: 'sqlite', storage: storage ?? '.etl/staging.sqlite', ...kept };
};

const retention = ({ pages, size }: config.KeepSettings = {}): StagingPlan['keep'] => ({
  ageMs: parseDuration(pages ?? '90d'),
  ...(size !== undefined && { bytesMax: parseSize(size) }),
});
