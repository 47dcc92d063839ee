import type Sdk from 'snowflake-sdk';

/** Read while the SDK is loaded: without them it looks for a cloud around it, and later sends what it has found. */
const quiet = {
  SNOWFLAKE_DISABLE_PLATFORM_DETECTION: 'true',
  SF_TELEMETRY_DISABLE_CONNECTION_SHAPE: 'true',
  SNOWFLAKE_DISABLE_MINICORE: 'true',
} as const;

const silent = (): void => {};

let loaded: Promise<typeof Sdk> | undefined;

/** The SDK takes a second to load and speaks with the network then: only a connection loads it. */
export const snowflakeSdk = (): Promise<typeof Sdk> => {
  loaded ??= load();
  return loaded;
};

async function load(): Promise<typeof Sdk> {
  for (const [name, value] of Object.entries(quiet)) process.env[name] ??= value;
  const { default: sdk } = await import('snowflake-sdk');
  // A logger of one's own keeps it from writing `snowflake.log`, whatever a configuration file says.
  sdk.configure({
    logLevel: 'OFF',
    customLogger: { error: silent, warn: silent, info: silent, debug: silent, trace: silent },
  });
  return sdk;
}
