import { resolve } from 'node:path';
import { warehousePlan, warehouseStatements } from '../engine.ts';
import { assert } from '../model/errors.ts';
import type { Project } from '../model/project.ts';
import { environmentReferences } from '../services/references.ts';
import type { SnowflakeOptions } from '../services/snowflake-warehouse/snowflake-options.ts';

/** The credentials of `warehouse`, by key. */
const secrets = ['password', 'privateKey', 'privateKeyPath', 'privateKeyPass', 'token'] as const;

/** What Snowflake is opened with. @throws TerminalError naming a reference that is missing */
export function snowflakeOptions(project: Project): SnowflakeOptions {
  const { folder, warehouse, name, environment } = project;
  const { resolve: filledIn } = environmentReferences(folder, process.env);
  const plan = warehousePlan(project);
  assert(plan.type === 'snowflake', 'the warehouse is Snowflake');
  const { authenticator, database, schema, statementTimeoutMs, fileBytes, uploadsMax } = plan;
  const given = Object.entries({
    host: plan.host,
    role: plan.role,
    warehouse: plan.warehouse,
    ...Object.fromEntries(secrets.map((key) => [key, warehouse[key]])),
  }).flatMap(([key, value]) => (value === undefined ? [] : [[key, filledIn(value)] as const]));
  const { privateKeyPath, ...rest } = Object.fromEntries(given);
  return {
    login: {
      account: filledIn(plan.account),
      user: filledIn(plan.user),
      authenticator,
      database: filledIn(database),
      schema,
      ...rest,
      ...(privateKeyPath !== undefined && { privateKeyPath: resolve(folder, privateKeyPath) }),
    },
    project: name,
    environment,
    statementTimeoutMs,
    fileBytes,
    uploadsMax,
    statements: warehouseStatements(project),
  };
}
