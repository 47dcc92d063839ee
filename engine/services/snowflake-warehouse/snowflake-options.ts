import type { ConnectionOptions } from 'snowflake-sdk';
import { complaint, TerminalError } from '../../model/errors.ts';
import type { SnowflakeAuthenticator } from '../../model/plan.ts';
import type { WarehouseStatements } from '../../model/warehouse-views.ts';

/** Where and as whom to log in; references are filled in. */
export interface SnowflakeLogin {
  readonly account: string;
  /** Host name or URL, where it is not the account's usual one. */
  readonly host?: string;
  readonly user: string;
  readonly authenticator: SnowflakeAuthenticator;
  readonly password?: string;
  /** PEM text. */
  readonly privateKey?: string;
  readonly privateKeyPath?: string;
  readonly privateKeyPass?: string;
  readonly token?: string;
  readonly role?: string;
  readonly warehouse?: string;
  readonly database: string;
  readonly schema: string;
}

export interface SnowflakeOptions {
  readonly login: SnowflakeLogin;
  readonly project: string;
  readonly environment: string;
  readonly statementTimeoutMs: number;
  /** About how large the compressed files are that a load is cut into. */
  readonly fileBytes: number;
  /** Most files that are uploaded at once. */
  readonly uploadsMax: number;
  readonly statements: WarehouseStatements;
}

const authenticators: { readonly [name in SnowflakeAuthenticator]: string } = {
  password: 'SNOWFLAKE',
  key_pair: 'SNOWFLAKE_JWT',
  oauth: 'OAUTH',
  pat: 'PROGRAMMATIC_ACCESS_TOKEN',
};

/** With more, a wrong host is noticed only after minutes. */
const loginRetriesMax = 3;

const loopback = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

/** What the SDK is given. @throws TerminalError when the host is not to be spoken with in clear text */
export function connectionOptions(login: SnowflakeLogin): ConnectionOptions {
  const { account, user, authenticator, database, schema } = login;
  return {
    account,
    username: user,
    authenticator: authenticators[authenticator],
    ...accessUrl(login.host),
    ...credential(login),
    ...(login.role !== undefined && { role: login.role }),
    ...(login.warehouse !== undefined && { warehouse: login.warehouse }),
    database,
    schema,
    application: 'Sluice',
    sfRetryMaxLoginRetries: loginRetriesMax,
    clientSessionKeepAlive: false,
    clientStoreTemporaryCredential: false,
    disableQueryContextCache: false,
    // NULL is null, also where numbers are read as texts.
    representNullAsStringNull: false,
    streamResult: true,
  };
}

function credential(login: SnowflakeLogin): Partial<ConnectionOptions> {
  const { authenticator, password, privateKey, privateKeyPath, privateKeyPass, token } = login;
  switch (authenticator) {
    case 'password':
      return { password: password ?? '' };
    case 'key_pair':
      return {
        ...(privateKey !== undefined && { privateKey }),
        ...(privateKeyPath !== undefined && { privateKeyPath }),
        ...(privateKeyPass !== undefined && { privateKeyPass }),
      };
    default:
      return { token: token ?? '' };
  }
}

/** TLS everywhere but on this machine, where a stand-in may listen. */
function accessUrl(host: string | undefined): Partial<ConnectionOptions> {
  if (host === undefined) return {};
  const text = host.includes('://') ? host : `https://${host}`;
  const { protocol, hostname, origin } = new URL(URL.canParse(text) ? text : 'none:');
  if (protocol === 'https:' || (protocol === 'http:' && loopback.test(hostname)))
    return { accessUrl: origin };
  throw new TerminalError(
    complaint(
      'ETL0731',
      `${host} is no host of Snowflake: it must be a host name, or a URL with https`,
      'Without `host` the account’s own is used: ACCOUNT.snowflakecomputing.com. Clear text is spoken on this machine alone.',
    ),
  );
}
