import type * as config from '../model/config.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import type { SourceDocument } from '../model/project.ts';
import type { Entries } from './entries.ts';
import type { ChosenEnvironment } from './environment.ts';
import { objectAt } from './json.ts';
import { below, complain, keyPlace } from './places.ts';
import { listText } from './suggest.ts';

type Key = keyof config.Auth;

/** What each kind of authentication looks at. */
const keysOf: { readonly [type in config.Auth['type']]: readonly Key[] } = {
  none: [],
  api_key: ['header', 'query', 'value'],
  bearer: ['token'],
  basic: ['username', 'password'],
  oauth2: [
    'grant',
    'tokenUrl',
    'clientId',
    'clientSecret',
    'clientAuth',
    'refreshToken',
    'scope',
    'audience',
    'parameters',
    'header',
    'prefix',
  ],
  jwt_bearer: [
    'tokenUrl',
    'issuer',
    'subject',
    'audience',
    'privateKey',
    'keyId',
    'algorithm',
    'lifetime',
    'scope',
    'parameters',
    'header',
    'prefix',
  ],
  session: ['login', 'sessionToken', 'header', 'prefix', 'lifetime'],
};

const foreign = (document: SourceDocument, key: Key, choice: string, help: string): Diagnostic =>
  complain('ETL0104', keyPlace(document, below('/auth', key)), `\`${key}\` is not for \`${choice}\``, {
    label: 'would not be looked at',
    help: [help],
  });

/** Keys of another kind: whoever wrote them meant something that would not happen. */
function foreignKeys(document: SourceDocument, auth: config.Auth): readonly Diagnostic[] {
  const known = keysOf[auth.type];
  const keys = (Object.keys(auth) as Key[]).filter((key) => key !== 'type' && !known.includes(key));
  return keys.map((key) => {
    const types = (Object.keys(keysOf) as (keyof typeof keysOf)[]).filter((type) =>
      keysOf[type].includes(key),
    );
    return foreign(document, key, `type: ${auth.type}`, `it is for ${listText(types)}`);
  });
}

const missing = (document: SourceDocument, key: Key, choice: string, help: string): Diagnostic =>
  complain('ETL0102', keyPlace(document, '/auth'), `\`${key}\` is missing in \`auth\``, {
    label: `\`${choice}\` needs \`${key}\``,
    help: [help],
  });

function grantMistakes(document: SourceDocument, auth: config.Auth): readonly Diagnostic[] {
  if (auth.type !== 'oauth2') return [];
  if (auth.grant === 'refresh_token') {
    return auth.refreshToken === undefined
      ? [
          missing(
            document,
            'refreshToken',
            'grant: refresh_token',
            'for example: refreshToken: "${env:REFRESH_TOKEN}"',
          ),
        ]
      : [];
  }
  const choice = 'grant: client_credentials';
  return [
    ...(auth.refreshToken === undefined
      ? []
      : [foreign(document, 'refreshToken', choice, 'Write `grant: refresh_token`, or remove it.')]),
    ...(auth.clientSecret === undefined && auth.clientAuth !== 'body'
      ? [
          missing(
            document,
            'clientSecret',
            choice,
            'Without a secret the client id goes in the body: `clientAuth: body`.',
          ),
        ]
      : []),
  ];
}

/** What the keys of `auth` mean together. */
export const authMistakes = (document: SourceDocument, { auth }: config.Source): readonly Diagnostic[] =>
  auth === undefined ? [] : [...foreignKeys(document, auth), ...grantMistakes(document, auth)];

/** Refresh tokens are replaced at every use by many providers: they must be kept, and nothing is kept unencrypted. */
export function tokenKeyMistakes(
  { sources, project }: Entries,
  { name, chain }: ChosenEnvironment,
): readonly Diagnostic[] {
  const hasKey = chain.some((link) => 'tokenKey' in objectAt(project, 'environments', link));
  if (hasKey || project === undefined) return [];
  return sources
    .filter(({ config }) => config?.auth?.type === 'oauth2' && config.auth.grant === 'refresh_token')
    .map(({ document }) =>
      complain('ETL0431', keyPlace(document, '/auth/grant'), 'its refresh tokens could not be kept', {
        label: `the environment \`${name}\` has no \`tokenKey\``,
        help: [
          'A provider may replace the refresh token at every use; the new one must be there for the next run, encrypted.',
          `Add to etl.yml: environments: {${name}: {tokenKey: "\${env:SLUICE_TOKEN_KEY}"}}, with at least 32 random characters.`,
        ],
      }),
    );
}
