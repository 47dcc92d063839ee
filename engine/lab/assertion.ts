import type * as config from '../model/config.ts';
import { labText } from './reference.ts';

type Claims = { readonly [claim: string]: unknown };

function decoded(part: string | undefined): Claims | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part ?? '', 'base64url').toString());
    return value !== null && typeof value === 'object' ? (value as Claims) : undefined;
  } catch {
    return undefined;
  }
}

/**
 * What is wrong with a signed JWT that asks for a token at `url`; undefined when nothing is. The signature is not
 * verified: the lab knows the private key only by the reference that names it.
 */
export function assertionFlaw(
  jwt: string,
  auth: config.Auth,
  url: string,
  nowMs: number,
): string | undefined {
  const parts = jwt.split('.');
  const [header, claims] = [decoded(parts[0]), decoded(parts[1])];
  if (parts.length !== 3 || parts[2] === '' || header === undefined || claims === undefined)
    return 'The assertion is not a signed JWT.';
  const is = (value: unknown, expected: string | undefined): boolean =>
    expected === undefined || value === labText(expected);
  const audiences = [url, labText(auth.audience ?? auth.tokenUrl ?? '')];
  const nowSeconds = nowMs / 1000;
  const checks: readonly (readonly [boolean, string])[] = [
    [is(header['alg'], auth.algorithm ?? 'RS256'), 'alg is not as declared'],
    [is(header['kid'], auth.keyId), 'kid is not as declared'],
    [is(claims['iss'], auth.issuer), 'iss is not as declared'],
    [is(claims['sub'], auth.subject), 'sub is not as declared'],
    [[claims['aud']].flat().some((aud) => audiences.includes(String(aud))), 'aud is not as declared'],
    [typeof claims['exp'] === 'number' && claims['exp'] > nowSeconds, 'exp is missing or past'],
  ];
  const failed = checks.find(([good]) => !good);
  return failed === undefined ? undefined : `The assertion is refused: ${failed[1]}.`;
}
