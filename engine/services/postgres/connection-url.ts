import { readFileSync } from 'node:fs';
import type { ConnectionOptions } from 'node:tls';
import { complaint, TerminalError } from '../../model/errors.ts';

/** Where a server is, and how to sign in. */
export interface Connection {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly username: string;
  /** Without one, that of PGPASSWORD or of the password file. */
  readonly password: string | undefined;
  readonly ssl: ConnectionOptions | false;
}

/** Whose URL it is: the setting `staging.url` or `warehouse.url`. */
export type UrlOwner = 'staging' | 'warehouse' | 'source';

const codes: { readonly [owner in UrlOwner]: string } = {
  staging: 'ETL0624',
  warehouse: 'ETL0754',
  source: 'ETL0497',
};

const shape = 'postgres://USER:PASSWORD@HOST:5432/DATABASE';
const modes = ['disable', 'require', 'verify-ca', 'verify-full'];
const loopback = /^(?:localhost|127(?:\.\d+){3}|::1|\/.*)$/;

/** Reads a URL. @throws TerminalError that does not quote it: it may hold a password. */
export function parseConnection(text: string, owner: UrlOwner): Connection {
  try {
    return connectionOf(text);
  } catch (error) {
    throw error instanceof Unusable ? unusable(owner, error.message) : error;
  }
}

/** Why a URL cannot be used. */
class Unusable extends Error {}

function connectionOf(text: string): Connection {
  const url = parsed(text);
  const host = url.searchParams.get('host') ?? decoded(url.hostname).replace(/^\[(.*)\]$/, '$1');
  const username = decoded(url.username) || (process.env['PGUSER'] ?? '');
  const database = decoded(url.pathname.slice(1)) || username;
  if (host === '' || username === '')
    throw new Unusable(host === '' ? 'it names no host' : 'it names no user');
  return {
    host,
    port: Number(url.port || 5432),
    database,
    username,
    password: url.password === '' ? undefined : decoded(url.password),
    ssl: tlsOf(host, url.searchParams),
  };
}

function parsed(text: string): URL {
  if (!/^postgres(?:ql)?:\/\//.test(text)) throw new Unusable('it does not begin with postgres://');
  try {
    return new URL(text);
  } catch {
    throw new Unusable(
      'it is no URL; a character such as @ / : # or % in a password is written as %40 %2F %3A %23 %25',
    );
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new Unusable('it has a % that is no escape; a % in a password is written as %25');
  }
}

/** Off this machine connections are encrypted, and the server must prove who it is, unless the URL says otherwise. */
function tlsOf(host: string, parameters: URLSearchParams): ConnectionOptions | false {
  const mode = parameters.get('sslmode') ?? (loopback.test(host) ? 'disable' : 'verify-full');
  if (!modes.includes(mode)) throw new Unusable(`its sslmode is none of ${modes.join(', ')}`);
  if (mode === 'disable') return false;
  const root = parameters.get('sslrootcert');
  return {
    rejectUnauthorized: mode !== 'require',
    ...(root !== null && { ca: certificate(root) }),
    ...(mode === 'verify-ca' && { checkServerIdentity: () => undefined }),
  };
}

function certificate(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    throw new Unusable(`its sslrootcert ${path} cannot be read`);
  }
}

const unusable = (owner: UrlOwner, why: string): Error =>
  new TerminalError(
    complaint(
      codes[owner],
      `the URL of the ${owner === 'staging' ? 'staging database' : owner} cannot be used: ${why}`,
      `Expected ${shape}, with ?sslmode=${modes.join('|')} and &sslrootcert=FILE where they are needed.`,
      owner === 'source'
        ? 'Who signs in stands in `auth: {type: basic, …}`.'
        : `Correct the variable or file that \`${owner}.url\` refers to.`,
    ),
  );
