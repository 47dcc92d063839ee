import { generateKeyPairSync } from 'node:crypto';
import type { RunServices } from '../engine.ts';
import { labBaseUrl, labTokenUrl } from '../lab/lab.ts';
import type { AuthPlan, SourcePlan } from '../model/plan.ts';
import type { References } from '../model/ports.ts';

type Endpoints = Pick<RunServices, 'baseUrl' | 'tokenUrl' | 'signingKey'>;

/** Where sources are read and get their tokens: where they say, or in the lab at `lab`. */
export const endpoints = ({ resolve }: References, lab: string | undefined): Endpoints =>
  lab === undefined
    ? {
        baseUrl: ({ baseUrl }) => resolve(baseUrl),
        tokenUrl: ({ auth }) => resolve('tokenUrl' in auth ? auth.tokenUrl : ''),
        signingKey: ({ auth }) => resolve('privateKey' in auth ? auth.privateKey : ''),
      }
    : {
        // Files and databases are read where they are: the lab plays APIs.
        baseUrl: (source) =>
          source.connector === 'http' ? labBaseUrl(lab, source) : resolve(source.baseUrl),
        tokenUrl: (source) => labTokenUrl(lab, source),
        signingKey: madeUpKey,
      };

/** The lab has no private keys, and does not look at signatures: any key will do. */
function madeUpKey({ auth }: SourcePlan): string {
  const pem = { type: 'pkcs8', format: 'pem' } as const;
  const spki = { type: 'spki', format: 'pem' } as const;
  return isElliptic(auth)
    ? generateKeyPairSync('ec', { namedCurve: 'P-256', privateKeyEncoding: pem, publicKeyEncoding: spki })
        .privateKey
    : generateKeyPairSync('rsa', { modulusLength: 2048, privateKeyEncoding: pem, publicKeyEncoding: spki })
        .privateKey;
}

const isElliptic = (auth: AuthPlan): boolean => auth.type === 'jwt_bearer' && auth.algorithm === 'ES256';
