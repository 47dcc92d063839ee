import type * as config from '../model/config.ts';
import type { SnowflakeAuthenticator, SnowflakePlan } from '../model/plan.ts';
import { parseDuration, parseSize } from '../model/units.ts';
import { homeSchema } from '../model/warehouse-home.ts';

/** How to reach Snowflake, without the credentials. */
export function compileSnowflake(settings: config.WarehouseSettings): SnowflakePlan {
  const { account = '', user = '', database = '', host, role, warehouse } = settings;
  return {
    type: 'snowflake',
    account,
    user,
    ...(host !== undefined && { host }),
    ...(role !== undefined && { role }),
    ...(warehouse !== undefined && { warehouse }),
    database,
    schema: homeSchema(settings),
    authenticator: authenticatorOf(settings),
    statementTimeoutMs: parseDuration(settings.statementTimeout ?? '1h'),
    fileBytes: parseSize(settings.fileSize ?? '100MiB'),
    uploadsMax: settings.uploads ?? 4,
  };
}

/** What was named, or what the credentials that were given are for. */
function authenticatorOf(settings: config.WarehouseSettings): SnowflakeAuthenticator {
  const { authenticator, privateKey, privateKeyPath, token } = settings;
  if (authenticator !== undefined) return authenticator;
  if (privateKey !== undefined || privateKeyPath !== undefined) return 'key_pair';
  return token === undefined ? 'password' : 'oauth';
}
