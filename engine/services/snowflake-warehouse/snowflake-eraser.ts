import type { WarehouseEraser } from '../../model/forget.ts';
import { sqlEraser } from '../warehouse/eraser.ts';
import type { SnowflakeOptions } from './snowflake-options.ts';
import { snowflakeConnector } from './snowflake-warehouse.ts';

/**
 * Deletes rows of persons. What Snowflake keeps of them for Time Travel and Fail-safe goes by itself in time, and by nothing that
 * could be asked of it.
 */
export function snowflakeEraser(options: SnowflakeOptions): WarehouseEraser {
  const connector = snowflakeConnector(options);
  const eraser = sqlEraser(connector, options.statements, async () => {});
  return {
    ...eraser,
    erase: async (statements) => {
      try {
        return await eraser.erase(statements);
      } finally {
        await connector.close();
      }
    },
  };
}
