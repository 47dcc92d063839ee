import { createHash, createPublicKey, createVerify } from 'node:crypto';

/** Somebody who may log in, by any of these. */
export interface User {
  readonly password?: string;
  /** A public key in PEM. */
  readonly publicKey?: string;
  readonly oauthToken?: string;
  readonly accessToken?: string;
  readonly role: string;
  /** Others that the user may take. */
  readonly roles?: readonly string[];
  readonly warehouse?: string;
}

export type Users = { readonly [name: string]: User };

/** What the client sends to log in. */
export interface Credentials {
  readonly LOGIN_NAME?: string;
  readonly PASSWORD?: string;
  readonly TOKEN?: string;
  readonly AUTHENTICATOR?: string;
  readonly ACCOUNT_NAME?: string;
}

export interface Refusal {
  readonly code: string;
  readonly message: string;
}

const wrong: Refusal = { code: '390100', message: 'Incorrect username or password was specified.' };
const badToken: Refusal = { code: '390303', message: 'Invalid OAuth access token. ' };
const badAccessToken: Refusal = { code: '394400', message: 'Programmatic access token is invalid.' };
const badJwt: Refusal = { code: '390144', message: 'JWT token is invalid.' };

/** Who it is, or why not. */
export function authenticated(
  users: Users,
  account: string,
  given: Credentials,
): { readonly name: string; readonly user: User } | Refusal {
  const method = (given.AUTHENTICATOR ?? 'SNOWFLAKE').toUpperCase();
  if (method === 'OAUTH') return byToken(users, given.TOKEN);
  const name = (given.LOGIN_NAME ?? '').toUpperCase();
  const user = users[name];
  const refusal =
    user === undefined ? wrong : refusalOf(method, user, given, `${account.toUpperCase()}.${name}`);
  return user === undefined || refusal !== undefined ? (refusal ?? wrong) : { name, user };
}

/** Why somebody known may not log in by a method; a method that is not set up for them is as good as unknown. */
function refusalOf(method: string, user: User, given: Credentials, subject: string): Refusal | undefined {
  switch (method) {
    case 'PROGRAMMATIC_ACCESS_TOKEN':
      return isSecret(user.accessToken, given.TOKEN) ? undefined : badAccessToken;
    case 'SNOWFLAKE_JWT':
      return isValidJwt(given.TOKEN ?? '', subject, user.publicKey) ? undefined : badJwt;
    default:
      return method === 'SNOWFLAKE' && isSecret(user.password, given.PASSWORD) ? undefined : wrong;
  }
}

const isSecret = (kept: string | undefined, given: string | undefined): boolean =>
  kept !== undefined && kept === given;

/** A token says itself who it is for. */
function byToken(users: Users, token: string | undefined): { name: string; user: User } | Refusal {
  const found = Object.entries(users).find(([, user]) => isSecret(user.oauthToken, token));
  return found === undefined ? badToken : { name: found[0], user: found[1] };
}

/** `SHA256:` and the hash of the public key. */
const fingerprint = (publicKey: string): string =>
  `SHA256:${createHash('sha256')
    .update(createPublicKey(publicKey).export({ type: 'spki', format: 'der' }))
    .digest('base64')}`;

const longestMs = 3_600_000;

/** The signature, the issuer with the key's fingerprint, the subject and the times. */
function isValidJwt(token: string, subject: string, publicKey: string | undefined): boolean {
  const [head = '', body = '', signature = ''] = token.split('.');
  if (publicKey === undefined || decoded(head)['alg'] !== 'RS256') return false;
  const isSigned = createVerify('RSA-SHA256')
    .update(`${head}.${body}`)
    .verify(publicKey, signature, 'base64url');
  const { iss, sub, iat, exp } = decoded(body);
  return isSigned && iss === `${subject}.${fingerprint(publicKey)}` && sub === subject && isNow(iat, exp);
}

function isNow(issuedAt: unknown, expiresAt: unknown): boolean {
  const [from, until] = [milliseconds(issuedAt), milliseconds(expiresAt)];
  const now = Date.now();
  return from <= now + 60_000 && until > now && until - from <= longestMs;
}

/** Seconds by the standard; the Node client sends milliseconds, which Snowflake takes as well. */
const milliseconds = (value: unknown): number =>
  Number(value) > 1e11 ? Number(value) : Number(value) * 1000;

function decoded(part: string): { readonly [claim: string]: unknown } {
  try {
    return JSON.parse(Buffer.from(part, 'base64url').toString());
  } catch {
    return {};
  }
}
