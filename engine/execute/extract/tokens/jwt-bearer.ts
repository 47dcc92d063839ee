import { createPrivateKey, type KeyObject, randomUUID } from 'node:crypto';
import { SignJWT } from 'jose';
import { complaint, TerminalError } from '../../../model/errors.ts';
import type { JwtBearerPlan } from '../../../model/plan.ts';
import type { TokenProvider } from './issued-token.ts';
import { formRequest, issuedToken, resolved } from './oauth2.ts';
import { type ReplyServices, tokenReply } from './token-reply.ts';

const grant = 'urn:ietf:params:oauth:grant-type:jwt-bearer';

/** Tokens for a JWT that is signed anew for each request (RFC 7523). */
export function jwtBearerProvider(
  source: string,
  auth: JwtBearerPlan,
  { url, key }: { readonly url: string; readonly key: () => string },
  services: ReplyServices,
): TokenProvider {
  const { resolve, hide } = services.references;
  const parameters = resolved(auth.parameters, resolve);
  const claims = {
    iss: resolve(auth.issuer),
    aud: resolve(auth.audience),
    ...(auth.subject !== undefined && { sub: resolve(auth.subject) }),
  };
  return {
    purpose: JSON.stringify([grant, url, claims, parameters]),
    issue: async (_refreshToken, signal) => {
      const sentAtMs = services.clock.now();
      const assertion = await signed(auth, claims, sentAtMs, keyOf(source, key(), auth.algorithm));
      hide(assertion);
      const request = formRequest(url, { ...parameters, grant_type: grant, assertion });
      const response = await tokenReply(source, request, services, signal);
      return issuedToken(source, request, response, sentAtMs, services, auth.lifetimeMs);
    },
  };
}

function signed(
  { algorithm, keyId, lifetimeMs }: JwtBearerPlan,
  claims: { readonly [claim: string]: string },
  nowMs: number,
  key: KeyObject,
): Promise<string> {
  const issuedAt = Math.floor(nowMs / 1000);
  return new SignJWT(claims)
    .setProtectedHeader({ alg: algorithm, typ: 'JWT', ...(keyId !== undefined && { kid: keyId }) })
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + Math.ceil(lifetimeMs / 1000))
    .setJti(randomUUID())
    .sign(key);
}

/** The key types that the algorithms sign with. */
const keyTypes = { RS256: 'rsa', ES256: 'ec' } as const;

function keyOf(source: string, pem: string, algorithm: JwtBearerPlan['algorithm']): KeyObject {
  const key = readKey(pem);
  if (key?.asymmetricKeyType === keyTypes[algorithm]) return key;
  throw new TerminalError(
    complaint(
      'ETL0432',
      `the private key of ${source} cannot sign with ${algorithm}`,
      key === undefined
        ? 'It is no private key in PEM that can be read without a passphrase.'
        : `It is a key for ${String(key.asymmetricKeyType).toUpperCase()}.`,
      'Check what `privateKey` refers to: PEM begins with `-----BEGIN PRIVATE KEY-----`.',
    ),
  );
}

/** Environment variables often hold PEM on one line, with `\n` written out. */
function readKey(pem: string): KeyObject | undefined {
  try {
    return createPrivateKey(pem.replaceAll('\\n', '\n'));
  } catch {
    return undefined;
  }
}
