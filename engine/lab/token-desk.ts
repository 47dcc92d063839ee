import type { IncomingHttpHeaders } from 'node:http';
import type * as config from '../model/config.ts';
import { knownPath } from '../model/path.ts';
import { parseDuration } from '../model/units.ts';
import { type Answer, jsonAnswer } from './answer.ts';
import { assertionFlaw } from './assertion.ts';
import type { Moment } from './limits/counter.ts';
import { labText } from './reference.ts';
import { sealed, unsealed } from './sealed.ts';
import type { TokenStats } from './tally.ts';

const jwtGrant = 'urn:ietf:params:oauth:grant-type:jwt-bearer';

/** Turns down a request for a token, in the words of OAuth2. */
class TokenRefusal extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

type Parameters = { readonly [parameter: string]: string };

/** Gives the tokens and sessions of one source, and knows them again. */
export class TokenDesk {
  private readonly source: string;
  private readonly auth: config.Auth;
  private readonly lifetimeMs: number;
  private readonly graceMs: number;
  /** Good access tokens that were seen, with their ends. */
  private readonly known = new Map<string, number>();
  private readonly revoked = new Set<string>();
  /** Refresh tokens that were used, with the time of the first use. */
  private readonly used = new Map<string, number>();
  private readonly counts = { issued: 0, refreshed: 0, refused: 0, reused: 0 };

  constructor({ name, lab }: config.Source, auth: config.Auth) {
    this.source = name;
    this.auth = auth;
    this.lifetimeMs = parseDuration(lab?.tokenLifetime ?? '1h');
    this.graceMs = parseDuration(lab?.refreshGrace ?? '0s');
  }

  /** Path below the base URL at which a session begins. */
  get loginPath(): string | undefined {
    return this.auth.login?.path;
  }

  stats(): TokenStats {
    return { ...this.counts };
  }

  /** Whether an access token or session is good now. */
  isGood(token: string, { epochMs }: Moment): boolean {
    if (this.revoked.has(token)) return false;
    const known = this.known.get(token);
    if (known !== undefined) return epochMs < known;
    const content = unsealed(this.source, 'access', token);
    if (content === undefined) return false;
    const endsMs = Number.parseInt(content, 36);
    this.known.set(token, endsMs);
    return epochMs < endsMs;
  }

  revoke(token: string): void {
    this.revoked.add(token);
  }

  /** Answers a request of the token endpoint at `url`. */
  token(headers: IncomingHttpHeaders, form: URLSearchParams, url: string, at: Moment): Answer {
    try {
      const grant = form.get('grant_type') ?? '';
      if (this.auth.type === 'jwt_bearer') this.checkAssertion(grant, form, url, at);
      else this.checkClient(grant, headers, form);
      this.checkParameters(form);
      const rotated = this.auth.grant === 'refresh_token' ? this.rotate(form, at) : {};
      return this.give(at, (token) => ({ access_token: token, token_type: 'Bearer', ...rotated }));
    } catch (thrown) {
      return this.refuse(thrown);
    }
  }

  /** Answers a login: the declared body, with what the lab takes for its references, opens a session. */
  login(body: unknown, at: Moment): Answer {
    const given = (body ?? {}) as Parameters;
    const wrong = Object.entries(this.auth.login?.body ?? {}).some(
      ([key, value]) => given[key] !== labText(value),
    );
    if (wrong)
      return this.refuse(new TokenRefusal(401, 'unauthorized', 'The login is not the one of this account.'));
    const { header, body: path = '' } = this.auth.sessionToken ?? {};
    const token = this.make(at);
    if (header !== undefined) return jsonAnswer(200, {}, { [header]: token });
    return jsonAnswer(200, holding(path, token));
  }

  private give(at: Moment, body: (token: string) => object): Answer {
    const answer = { ...body(this.make(at)), expires_in: Math.floor(this.lifetimeMs / 1000) };
    return jsonAnswer(200, answer, { 'Cache-Control': 'no-store' });
  }

  private make({ epochMs }: Moment): string {
    this.counts.issued += 1;
    for (const [token, endsMs] of this.known) if (endsMs <= epochMs) this.known.delete(token);
    const endsMs = Math.ceil(epochMs) + this.lifetimeMs;
    const token = sealed(this.source, 'access', endsMs.toString(36));
    this.known.set(token, endsMs);
    return token;
  }

  private refuse(thrown: unknown): Answer {
    if (!(thrown instanceof TokenRefusal)) throw thrown;
    this.counts.refused += 1;
    const challenge = thrown.status === 401 ? { 'WWW-Authenticate': 'Basic realm="lab"' } : {};
    return jsonAnswer(
      thrown.status,
      { error: thrown.code, error_description: thrown.message },
      { 'Cache-Control': 'no-store', ...challenge },
    );
  }

  private checkClient(grant: string, { authorization }: IncomingHttpHeaders, form: URLSearchParams): void {
    const declared = this.auth.grant ?? 'client_credentials';
    if (grant !== declared)
      throw new TokenRefusal(400, 'unsupported_grant_type', `grant_type must be ${declared}.`);
    const id = labText(this.auth.clientId ?? '');
    const secret = labText(this.auth.clientSecret ?? '');
    const inBody = this.auth.clientAuth === 'body' || this.auth.clientSecret === undefined;
    const given = inBody
      ? `${form.get('client_id')}:${form.get('client_secret') ?? ''}`
      : basicPair(authorization ?? '');
    if (given === `${id}:${secret}`) return;
    const where = inBody ? 'in the body' : 'by basic authentication';
    throw new TokenRefusal(
      401,
      'invalid_client',
      `Client id and secret (${where}) are not those of this account.`,
    );
  }

  private checkAssertion(grant: string, form: URLSearchParams, url: string, at: Moment): void {
    if (grant !== jwtGrant)
      throw new TokenRefusal(400, 'unsupported_grant_type', `grant_type must be ${jwtGrant}.`);
    const flaw = assertionFlaw(form.get('assertion') ?? '', this.auth, url, at.epochMs);
    if (flaw !== undefined) throw new TokenRefusal(400, 'invalid_grant', flaw);
  }

  private checkParameters(form: URLSearchParams): void {
    const { scope, audience, parameters, type } = this.auth;
    const declared = {
      ...(scope !== undefined && { scope }),
      // Of a signed JWT the audience stands in the JWT.
      ...(audience !== undefined && type === 'oauth2' && { audience }),
      ...parameters,
    };
    for (const [name, value] of Object.entries(declared)) {
      if (form.get(name) === labText(value)) continue;
      const code = name === 'scope' ? 'invalid_scope' : 'invalid_request';
      throw new TokenRefusal(400, code, `Parameter ${name} is not as declared.`);
    }
  }

  /** Takes a refresh token, once, and gives the next one. */
  private rotate(form: URLSearchParams, { epochMs }: Moment): Parameters {
    const token = form.get('refresh_token') ?? '';
    const isFirst = token === labText(this.auth.refreshToken ?? '');
    if (!isFirst && unsealed(this.source, 'refresh', token) === undefined)
      throw new TokenRefusal(400, 'invalid_grant', 'The refresh token is not one of this account.');
    const usedMs = this.used.get(token);
    if (usedMs !== undefined && epochMs - usedMs >= this.graceMs) {
      this.counts.reused += 1;
      throw new TokenRefusal(400, 'invalid_grant', 'The refresh token was used before.');
    }
    this.used.set(token, usedMs ?? epochMs);
    this.counts.refreshed += 1;
    return { refresh_token: sealed(this.source, 'refresh', '') };
  }
}

/** User name and password of basic authentication, as OAuth2 writes them: each encoded like a form. */
function basicPair(authorization: string): string {
  const packed = /^Basic +(.*)$/i.exec(authorization)?.[1] ?? '';
  const pair = Buffer.from(packed, 'base64').toString();
  try {
    return decodeURIComponent(pair.replaceAll('+', ' '));
  } catch {
    return pair;
  }
}

/** An object that holds a value at a path. */
const holding = (path: string, value: unknown): unknown =>
  knownPath(path).segments.reduceRight<unknown>((inner, segment) => {
    if ('key' in segment) return { [segment.key]: inner };
    return [...Array('index' in segment ? segment.index : 0).fill(null), inner];
  }, value);

/** The desk of a source that asks for tokens or sessions. */
export function tokenDeskOf(source: config.Source): TokenDesk | undefined {
  const { auth } = source;
  if (auth === undefined || !['oauth2', 'jwt_bearer', 'session'].includes(auth.type)) return undefined;
  return new TokenDesk(source, auth);
}
