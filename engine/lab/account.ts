import type { IncomingHttpHeaders } from 'node:http';
import type * as config from '../model/config.ts';
import { Refusal } from './answer.ts';
import type { Moment } from './limits/counter.ts';
import { labText } from './reference.ts';
import type { TokenDesk } from './token-desk.ts';

/** Turns down a request that does not carry the credential of the lab's account. @throws Refusal 401 */
export type Guard = (headers: IncomingHttpHeaders, query: URLSearchParams, at: Moment) => void;

const refuse = (message: string, challenge?: string): Refusal =>
  new Refusal(401, 'unauthorized', message, challenge === undefined ? {} : { 'WWW-Authenticate': challenge });

const state = (given: string | null | undefined): string =>
  given === undefined || given === null ? 'is missing' : 'is not the one of this account';

function apiKeyGuard(auth: config.Auth): Guard {
  const expected = labText(auth.value ?? '');
  const { header, query: parameter } = auth;
  return (headers, query) => {
    const inHeader = header === undefined ? undefined : headers[header.toLowerCase()]?.toString();
    const inQuery = parameter === undefined ? null : query.get(parameter);
    const given = inHeader ?? inQuery;
    const place = header === undefined ? `query parameter ${parameter}` : `header ${header}`;
    if (given !== expected) throw refuse(`The API key (${place}) ${state(given)}.`);
  };
}

function bearerGuard(auth: config.Auth): Guard {
  const expected = labText(auth.token ?? '');
  return ({ authorization }) => {
    const given = /^Bearer +(.*)$/i.exec(authorization ?? '')?.[1];
    if (given !== expected) throw refuse(`The bearer token ${state(given)}.`, 'Bearer realm="lab"');
  };
}

function basicGuard(auth: config.Auth): Guard {
  const expected = `${labText(auth.username ?? '')}:${labText(auth.password ?? '')}`;
  return ({ authorization }) => {
    const given = /^Basic +(.*)$/i.exec(authorization ?? '')?.[1];
    if (given !== undefined && Buffer.from(given, 'base64').toString() === expected) return;
    throw refuse(`User name and password: the pair ${state(given)}.`, 'Basic realm="lab", charset="UTF-8"');
  };
}

/** Where a request carries its access token or session. */
export function tokenIn(
  { type, header, prefix }: config.Auth,
  headers: IncomingHttpHeaders,
): string | undefined {
  const custom = ['session', 'oauth2', 'jwt_bearer'].includes(type) && header !== undefined;
  const given = headers[custom ? header.toLowerCase() : 'authorization']?.toString() ?? '';
  const before = prefix ?? (custom ? '' : 'Bearer ');
  return given.toLowerCase().startsWith(before.toLowerCase()) && given.length > before.length
    ? given.slice(before.length)
    : undefined;
}

const tokenGuard =
  (auth: config.Auth, desk: TokenDesk): Guard =>
  (headers, _query, at) => {
    const token = tokenIn(auth, headers);
    if (token !== undefined && desk.isGood(token, at)) return;
    const what = token === undefined ? 'is missing' : 'has ended, or is not one of this account';
    throw refuse(`The access token ${what}.`, 'Bearer realm="lab", error="invalid_token"');
  };

/** The guard of a source, by the authentication that it declares; `desk` gives its tokens. */
export function guardOf(auth: config.Auth | undefined, desk: TokenDesk | undefined): Guard {
  if (auth !== undefined && desk !== undefined) return tokenGuard(auth, desk);
  switch (auth?.type) {
    case 'api_key':
      return apiKeyGuard(auth);
    case 'bearer':
      return bearerGuard(auth);
    case 'basic':
      return basicGuard(auth);
    default:
      return () => undefined;
  }
}
