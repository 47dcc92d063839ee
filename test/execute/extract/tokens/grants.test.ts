import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { expect } from 'chai';
import { jwtVerify } from 'jose';
import { credentialsOf } from '../../../../engine/execute/extract/tokens/credentials-of.ts';
import type { TokenServices } from '../../../../engine/execute/extract/tokens/token-services.ts';
import type * as config from '../../../../engine/model/config.ts';
import { ExplainedError, TerminalError, TransientError } from '../../../../engine/model/errors.ts';
import { sourcePlan } from '../../../support/plans.ts';
import { type TokenServer, type TokenServerOptions, tokenServer } from '../../../support/token-server.ts';
import { tokenServices } from '../../../support/token-services.ts';

const request = { method: 'GET', url: 'https://api.example/v1/orders', headers: {} } as const;
const url = 'https://login.example/token';

const clientCredentials: config.Auth = {
  type: 'oauth2',
  tokenUrl: url,
  clientId: '${env:ID}',
  clientSecret: '${env:SECRET}',
  scope: 'orders.read',
  parameters: { tenant: 'acme' },
};

let server: TokenServer;

afterEach(async () => {
  await server?.close();
});

interface Attempt {
  readonly headers: () => Promise<{ readonly [header: string]: string }>;
  readonly services: TokenServices;
}

async function attempt(
  auth: config.Auth,
  options: TokenServerOptions = {},
  over: Partial<TokenServices> = {},
): Promise<Attempt> {
  server = await tokenServer(options);
  const services = tokenServices(server.url, over);
  const source = { ...sourcePlan({ auth, headers: { 'X-Version': '7' } }), baseUrl: `${server.url}/v1` };
  const credentials = credentialsOf(source, services);
  return { headers: async () => (await credentials.apply(request)).headers, services };
}

const failure = async (work: () => unknown): Promise<ExplainedError> => {
  try {
    await work();
  } catch (error) {
    if (error instanceof ExplainedError) return error;
    throw error;
  }
  throw new Error('it did not fail');
};

const said = ({ diagnostic }: ExplainedError): string => [diagnostic.summary, ...diagnostic.help].join('\n');

describe('client credentials', () => {
  it('are exchanged for a token that goes on requests', async () => {
    const { headers } = await attempt(clientCredentials);
    expect(await headers()).to.deep.equal({ authorization: 'Bearer access-1' });
    expect(server.requests.map(({ form }) => form)).to.deep.equal([
      { grant_type: 'client_credentials', scope: 'orders.read', tenant: 'acme' },
    ]);
    const pair = Buffer.from('client:clients-secret').toString('base64');
    expect(server.requests[0]?.headers.authorization).to.equal(`Basic ${pair}`);
  });

  it('are sent in the body where the provider wants them there', async () => {
    const { headers } = await attempt({ ...clientCredentials, clientAuth: 'body' });
    await headers();
    expect(server.requests[0]?.headers.authorization).to.equal(undefined);
    expect(server.requests[0]?.form).to.include({ client_id: 'client', client_secret: 'clients-secret' });
  });

  it('are used once for a hundred requests at once, and for those that follow', async () => {
    const { headers } = await attempt(clientCredentials);
    const all = await Promise.all(Array.from({ length: 100 }, headers));
    expect(new Set(all.map(({ authorization }) => authorization))).to.deep.equal(
      new Set(['Bearer access-1']),
    );
    await headers();
    expect(server.requests).to.have.length(1);
  });

  for (const [lifetime, expiresIn, early] of [
    ['long', 3600, 30],
    ['short', 60, 6],
  ] as const) {
    it(`bring the next token ${early} s before a ${lifetime} one expires`, async () => {
      const { headers, services } = await attempt(clientCredentials, { expiresIn });
      await headers();
      await services.clock.sleep((expiresIn - early) * 1000 - 1);
      expect((await headers())['authorization']).to.equal('Bearer access-1');
      await services.clock.sleep(1);
      expect((await headers())['authorization']).to.equal('Bearer access-2');
    });
  }

  it('bring another token once the API refuses the first', async () => {
    server = await tokenServer();
    const credentials = credentialsOf(sourcePlan({ auth: clientCredentials }), tokenServices(server.url));
    await credentials.apply(request);
    expect(await credentials.renew()).to.equal(true);
    expect((await credentials.apply(request)).headers['authorization']).to.equal('Bearer access-2');
    expect(server.requests).to.have.length(2);
  });

  it('mint one token for two processes that keep it', async () => {
    const { headers, services } = await attempt(clientCredentials);
    await headers();
    const other = credentialsOf(sourcePlan({ auth: clientCredentials }), { ...services, runId: 'run-2' });
    expect((await other.apply(request)).headers['authorization']).to.equal('Bearer access-1');
    expect(server.requests).to.have.length(1);
  });

  it('are asked again for other scopes, whatever is kept', async () => {
    const { headers, services } = await attempt(clientCredentials);
    await headers();
    const auth = { ...clientCredentials, scope: 'orders.write' };
    await credentialsOf(sourcePlan({ auth }), services).apply(request);
    expect(server.requests).to.have.length(2);
  });

  it('keep nothing without a key', async () => {
    const { headers, services } = await attempt(clientCredentials);
    const { tokenKey: _, ...keyless } = services;
    await credentialsOf(sourcePlan({ auth: clientCredentials }), keyless).apply(request);
    expect(await services.memory.recall('token:shop:default:e3b0c44298fc1c14')).to.equal(undefined);
    await headers();
    expect(await services.memory.recall('token:shop:default:e3b0c44298fc1c14')).to.be.a('string');
  });
});

describe('a token endpoint', () => {
  it('that refuses ends the step, in its words and without its secrets', async () => {
    const answer = () => ({
      status: 401,
      body: { error: 'invalid_client', error_description: 'no client clients-secret' },
    });
    const { headers } = await attempt(clientCredentials, { answer });
    const error = await failure(headers);
    expect(error).to.be.instanceOf(TerminalError);
    expect(said(error)).to.equal(
      `shop gets no token: 401 on POST ${server.url}/token\n` +
        'It answered: invalid_client: no client ***\n' +
        'Check `clientId`, `clientSecret` and `clientAuth`: the provider does not know the client.',
    );
    expect(server.requests).to.have.length(1);
  });

  it('that has trouble is asked again, as late as it says', async () => {
    const answer = (_: unknown, count: number) => {
      if (count === 1) return { status: 429, headers: { 'retry-after': '7' } };
      return count === 2 ? ('destroy' as const) : undefined;
    };
    const { headers, services } = await attempt(clientCredentials, { answer });
    const startMs = services.clock.now();
    expect((await headers())['authorization']).to.equal('Bearer access-1');
    expect(services.clock.now() - startMs).to.equal(7000 + 0.5 * 500 * 2 ** 2);
  });

  it('that keeps failing, or wants to be left alone for long, is given up for now', async () => {
    const { headers } = await attempt(clientCredentials, { answer: () => ({ status: 503 }) });
    const error = await failure(headers);
    expect(error).to.be.instanceOf(TransientError);
    expect(error.diagnostic.code).to.equal('ETL0435');
    expect(server.requests).to.have.length(3);
    await server.close();
    const busy = () => ({ status: 429, headers: { 'retry-after': '3600' } });
    const patient = await attempt(clientCredentials, { answer: busy });
    expect(said(await failure(patient.headers))).to.contain('It asks to wait 3600 s.');
    expect(server.requests).to.have.length(1);
  });

  it('is not followed elsewhere', async () => {
    const answer = () => ({ status: 307, headers: { location: 'http://127.0.0.1:1/other' } });
    const { headers } = await attempt(clientCredentials, { answer });
    expect((await failure(headers)).diagnostic.code).to.equal('ETL0434');
  });

  for (const [kind, body] of [
    ['HTML', '<h1>Sign in</h1>'],
    ['no token', { ok: false, error: 'paused' }],
    ['an empty token', { access_token: '' }],
    ['nothing', ''],
  ] as const) {
    it(`that answers ${kind} with 200 has given no token`, async () => {
      const { headers } = await attempt(clientCredentials, { answer: () => ({ body }) });
      const error = await failure(headers);
      expect(error.diagnostic.code).to.equal('ETL0436');
      if (kind === 'HTML') expect(said(error)).to.contain('It answered: <h1>Sign in</h1>');
    });
  }

  it('must not answer endlessly', async () => {
    const { headers } = await attempt(clientCredentials, { answer: () => ({ body: 'x'.repeat(300_000) }) });
    expect((await failure(headers)).diagnostic.code).to.equal('ETL0409');
  });

  it('must be reached over TLS, except on this machine', async () => {
    server = await tokenServer();
    const services = tokenServices(server.url, { tokenUrl: () => 'http://login.example/token' });
    const error = await failure(() => credentialsOf(sourcePlan({ auth: clientCredentials }), services));
    expect(error.diagnostic.code).to.equal('ETL0433');
  });

  it('may leave out when its token expires: it is used until it is refused', async () => {
    const answer = (_: unknown, count: number) => ({ body: { access_token: `only-${count}` } });
    const { headers, services } = await attempt(clientCredentials, { answer });
    await headers();
    await services.clock.sleep(30 * 86_400_000);
    expect((await headers())['authorization']).to.equal('Bearer only-1');
  });
});

describe('a signed JWT', () => {
  const auth: config.Auth = {
    type: 'jwt_bearer',
    tokenUrl: url,
    issuer: '${env:ID}',
    subject: 'robot@example.com',
    audience: 'https://login.example',
    privateKey: '${file:key.pem}',
    keyId: 'key-1',
    lifetime: '5m',
    scope: 'read',
  };
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const pem = (key: KeyObject, type: 'pkcs8' | 'pkcs1' | 'sec1' = 'pkcs8'): string =>
    key.export({ type, format: 'pem' } as { type: 'pkcs8'; format: 'pem' }).toString();
  const grant = 'urn:ietf:params:oauth:grant-type:jwt-bearer';

  for (const [kind, algorithm, pair, text] of [
    ['RSA', 'RS256', rsa, pem(rsa.privateKey)],
    ['old RSA', 'RS256', rsa, pem(rsa.privateKey, 'pkcs1')],
    ['EC', 'ES256', ec, pem(ec.privateKey, 'sec1')],
    ['one-line', 'RS256', rsa, pem(rsa.privateKey).replaceAll('\n', '\\n')],
  ] as const) {
    it(`with an ${kind} key says who asks, for whom and for how long`, async () => {
      const { headers, services } = await attempt({ ...auth, algorithm }, {}, { signingKey: () => text });
      expect(await headers()).to.deep.equal({ authorization: 'Bearer access-1' });
      const { assertion = '', ...form } = server.requests[0]?.form ?? {};
      expect(form).to.deep.equal({ grant_type: grant, scope: 'read' });
      const currentDate = new Date(services.clock.now());
      const { payload, protectedHeader } = await jwtVerify(assertion, pair.publicKey, { currentDate });
      expect(protectedHeader).to.deep.equal({ alg: algorithm, typ: 'JWT', kid: 'key-1' });
      expect(payload).to.include({ iss: 'client', sub: 'robot@example.com', aud: 'https://login.example' });
      expect((payload.exp ?? 0) - (payload.iat ?? 0)).to.equal(300);
    });
  }

  it('gives a token that lives as long as is declared where the answer does not say', async () => {
    const answer = (_: unknown, count: number) => ({ body: { access_token: `a-${count}` } });
    const { headers, services } = await attempt(auth, { answer }, { signingKey: () => pem(rsa.privateKey) });
    await headers();
    await services.clock.sleep(5 * 60_000);
    expect((await headers())['authorization']).to.equal('Bearer a-2');
  });

  for (const [kind, text] of [
    ['no PEM', 'hunter2'],
    ['of another kind', pem(ec.privateKey)],
  ] as const) {
    it(`cannot be made with a key that is ${kind}, which is not shown`, async () => {
      const { headers } = await attempt(auth, {}, { signingKey: () => text });
      const error = await failure(headers);
      expect(error.diagnostic.code).to.equal('ETL0432');
      expect(said(error)).not.to.contain('hunter2');
      expect(server.requests).to.have.length(0);
    });
  }
});

describe('a session', () => {
  const auth: config.Auth = {
    type: 'session',
    login: { path: '/login', body: { user: 'acme', password: '${env:PASSWORD}' } },
    sessionToken: { body: 'data.tokens[0]' },
    header: 'X-Session',
  };

  it('begins with a login, whose reply holds the token', async () => {
    const answer = () => ({ body: { data: { tokens: ['session-1'] } } });
    const { headers } = await attempt(auth, { answer });
    expect(await headers()).to.deep.equal({ 'X-Session': 'session-1' });
    const [login] = server.requests;
    expect(login?.path).to.equal('/v1/login');
    expect(login?.headers).to.include({ 'content-type': 'application/json', 'x-version': '7' });
    expect(JSON.parse(login?.body ?? '')).to.deep.equal({ user: 'acme', password: 'hunter2-password' });
  });

  it('may come in a header, and ends after its lifetime', async () => {
    const answer = (_: unknown, count: number) => ({ body: 'welcome', headers: { 'X-Token': `s-${count}` } });
    const { header: _, ...bearer } = auth;
    const { headers, services } = await attempt(
      { ...bearer, sessionToken: { header: 'X-Token' }, lifetime: '1m' },
      { answer },
    );
    expect(await headers()).to.deep.equal({ Authorization: 'Bearer s-1' });
    await services.clock.sleep(60_000);
    expect(await headers()).to.deep.equal({ Authorization: 'Bearer s-2' });
  });

  it('does not begin with a password that is refused', async () => {
    const answer = () => ({ status: 403, body: { message: 'wrong: hunter2-password' } });
    const { headers } = await attempt(auth, { answer });
    const error = await failure(headers);
    expect(error.diagnostic.code).to.equal('ETL0434');
    expect(said(error)).to.contain('It answered: wrong: ***');
  });
});

describe('tokens that are issued', () => {
  it('are hidden from whatever is printed', async () => {
    const { headers, services } = await attempt(clientCredentials);
    await headers();
    expect(services.references.redact('you sent access-1')).to.equal('you sent ***');
  });

  it('do not hold up a run that has been stopped', async () => {
    const stop = new AbortController();
    stop.abort(new Error('stopped'));
    server = await tokenServer();
    const credentials = credentialsOf(sourcePlan({ auth: clientCredentials }), tokenServices(server.url));
    const error = await credentials.apply(request, stop.signal).catch((thrown: unknown) => thrown);
    expect(error).to.have.property('message', 'stopped');
    expect(server.requests).to.have.length(0);
  });
});
