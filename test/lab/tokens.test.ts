import { expect } from 'chai';
import { type Lab, type LabOptions, labTokenUrl } from '../../engine/lab/lab.ts';
import type * as config from '../../engine/model/config.ts';
import { closeLabs, failureOf, get, orders, StillClock, shop, start } from './support/lab-project.ts';

interface Given {
  readonly access_token: string;
  readonly refresh_token?: string;
  readonly expires_in: number;
  readonly error?: string;
}

const tokenUrl = 'https://login.example/token';
const basic = `Basic ${Buffer.from('lab-ID:lab-SECRET').toString('base64')}`;
const client = { clientId: '${env:ID}', clientSecret: '${env:SECRET}', tokenUrl };

const play = (auth: config.Auth, lab: config.SourceLab = {}, options: LabOptions = {}): Promise<Lab> =>
  start([shop({}, { auth, lab })], orders([]), options);

const ask = (
  lab: Lab,
  form: Record<string, string>,
  headers: Record<string, string> = { Authorization: basic },
) =>
  get<Given>(labTokenUrl(lab.url, { name: 'shop' }), {
    method: 'POST',
    headers,
    body: new URLSearchParams(form),
  });

const status = async (
  lab: Lab,
  token: string,
  header = 'Authorization',
  prefix = 'Bearer ',
): Promise<number> =>
  (await get(`${lab.sources['shop']}/orders`, { headers: { [header]: prefix + token } })).status;

const jwt = (claims: object, header: object = { alg: 'RS256', typ: 'JWT' }): string =>
  [header, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .concat('c2lnbmVk')
    .join('.');

describe('the tokens of the lab', () => {
  afterEach(closeLabs);

  it('are given for client credentials, by basic authentication or in the body', async () => {
    const grant = { grant_type: 'client_credentials' };
    const lab = await play({
      type: 'oauth2',
      ...client,
      scope: 'read',
      parameters: { tenant: '${env:TENANT}' },
    });
    const good = await ask(lab, { ...grant, scope: 'read', tenant: 'lab-TENANT' });
    expect(good.status).to.equal(200);
    expect(good.body).to.include({ token_type: 'Bearer', expires_in: 3600 });
    expect(good.headers.get('cache-control')).to.equal('no-store');
    expect(await status(lab, good.body.access_token)).to.equal(200);
    const asked = { ...grant, scope: 'read', tenant: 'lab-TENANT' };
    expect((await ask(lab, { ...asked, scope: 'write' })).body.error).to.equal('invalid_scope');
    expect((await ask(lab, { ...asked, tenant: 'x' })).body.error).to.equal('invalid_request');
    expect((await ask(lab, { ...asked, grant_type: 'password' })).body.error).to.equal(
      'unsupported_grant_type',
    );
    const stranger = await ask(lab, { ...asked, client_id: 'lab-ID', client_secret: 'lab-SECRET' }, {});
    expect([stranger.status, stranger.body.error]).to.deep.equal([401, 'invalid_client']);
    expect(lab.stats()['shop']?.tokens).to.deep.equal({ issued: 1, refreshed: 0, refused: 4, reused: 0 });

    const inBody = await play({ type: 'oauth2', ...client, clientAuth: 'body' });
    const body = { ...grant, client_id: 'lab-ID', client_secret: 'lab-SECRET' };
    expect((await ask(inBody, body, {})).status).to.equal(200);
    expect((await ask(inBody, { ...body, client_secret: 'x' }, {})).status).to.equal(401);
  });

  it('end, and are refused then', async () => {
    const clock = new StillClock();
    const lab = await play({ type: 'oauth2', ...client }, { tokenLifetime: '30s' }, { clock });
    const { body } = await ask(lab, { grant_type: 'client_credentials' });
    expect(body.expires_in).to.equal(30);
    clock.advance(29_999);
    expect(await status(lab, body.access_token)).to.equal(200);
    clock.advance(1);
    const late = await get(`${lab.sources['shop']}/orders`, {
      headers: { Authorization: `Bearer ${body.access_token}` },
    });
    expect([late.status, late.headers.get('www-authenticate')]).to.deep.equal([
      401,
      'Bearer realm="lab", error="invalid_token"',
    ]);
    expect(await status(lab, 'lab-access-zzz-00-00')).to.equal(401);
    expect((await get(`${lab.sources['shop']}/orders`)).status).to.equal(401);
  });

  const refreshing: config.Auth = {
    type: 'oauth2',
    ...client,
    grant: 'refresh_token',
    refreshToken: '${env:REFRESH}',
  };
  const refresh = (lab: Lab, token: string) =>
    ask(lab, { grant_type: 'refresh_token', refresh_token: token });

  it('rotate: every refresh token works once', async () => {
    const lab = await play(refreshing);
    const first = await refresh(lab, 'lab-REFRESH');
    expect(await status(lab, first.body.access_token)).to.equal(200);
    const second = await refresh(lab, first.body.refresh_token!);
    expect(second.status).to.equal(200);
    for (const used of ['lab-REFRESH', first.body.refresh_token!, 'another']) {
      const refused = await refresh(lab, used);
      expect([refused.status, refused.body.error]).to.deep.equal([400, 'invalid_grant']);
    }
    expect(lab.stats()['shop']?.tokens).to.deep.equal({ issued: 2, refreshed: 2, refused: 3, reused: 2 });
    expect(await status(lab, first.body.refresh_token!), 'it is no access token').to.equal(401);
  });

  it('rotate with a grace where the source has one', async () => {
    const clock = new StillClock();
    const lab = await play(refreshing, { refreshGrace: '10s' }, { clock });
    expect((await refresh(lab, 'lab-REFRESH')).status).to.equal(200);
    clock.advance(9_999);
    expect((await refresh(lab, 'lab-REFRESH')).status).to.equal(200);
    clock.advance(1);
    expect((await refresh(lab, 'lab-REFRESH')).status).to.equal(400);
  });

  it('are known again by the next lab, since a client keeps them', async () => {
    const first = await refresh(await play(refreshing), 'lab-REFRESH');
    const next = await play(refreshing);
    expect(await status(next, first.body.access_token)).to.equal(200);
    expect((await refresh(next, first.body.refresh_token!)).status).to.equal(200);
    expect((await refresh(next, first.body.refresh_token!)).status).to.equal(400);
  });

  it('are given and lost where a fault resets the connection', async () => {
    const lab = await play(refreshing, { faults: [{ kind: 'reset', target: 'token', count: 1 }] });
    expect(await refresh(lab, 'lab-REFRESH').catch(() => 'lost')).to.equal('lost');
    expect(lab.stats()['shop']?.tokens).to.include({ issued: 1 });
    expect((await refresh(lab, 'lab-REFRESH')).body.error).to.equal('invalid_grant');
  });

  it('are not given where a fault answers', async () => {
    const lab = await play(refreshing, { faults: [{ kind: 'unavailable', target: 'token', count: 1 }] });
    expect((await refresh(lab, 'lab-REFRESH')).status).to.equal(503);
    expect((await refresh(lab, 'lab-REFRESH')).status).to.equal(200);
  });

  it('are forgotten where a fault revokes them', async () => {
    const lab = await play({ type: 'oauth2', ...client }, { faults: [{ kind: 'revoke', count: 1 }] });
    const give = async () => (await ask(lab, { grant_type: 'client_credentials' })).body.access_token;
    const [first, second] = [await give(), await give()];
    expect([await status(lab, first), await status(lab, first), await status(lab, second)]).to.deep.equal([
      401, 401, 200,
    ]);
  });

  it('are given for a signed JWT with the declared claims', async () => {
    const auth: config.Auth = {
      type: 'jwt_bearer',
      tokenUrl,
      issuer: '${env:ROBOT}',
      subject: 'boss',
      privateKey: '${file:key.pem}',
      keyId: 'k1',
    };
    const lab = await play(auth);
    const header = { alg: 'RS256', kid: 'k1' };
    const claims = { iss: 'lab-ROBOT', sub: 'boss', aud: tokenUrl, exp: Date.now() / 1000 + 60 };
    const exchange = (assertion: string) =>
      ask(lab, { grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion }, {});
    const good = await exchange(jwt(claims, header));
    expect(await status(lab, good.body.access_token)).to.equal(200);
    const forLab = { ...claims, aud: [labTokenUrl(lab.url, { name: 'shop' })] };
    expect((await exchange(jwt(forLab, header))).status).to.equal(200);
    const wrong = [
      jwt({ ...claims, iss: 'x' }, header),
      jwt({ ...claims, sub: 'x' }, header),
      jwt({ ...claims, aud: 'x' }, header),
      jwt({ ...claims, exp: Date.now() / 1000 - 1 }, header),
      jwt(claims, { alg: 'none', kid: 'k1' }),
      jwt(claims, { alg: 'RS256' }),
      jwt(claims, header).replace(/\.[^.]*$/, '.'),
      'x.y.z',
    ];
    for (const assertion of wrong) {
      const refused = await exchange(assertion);
      expect([refused.status, refused.body.error]).to.deep.equal([400, 'invalid_grant']);
    }
  });

  it('are sessions, where a login opens them', async () => {
    const login = { path: '/login', body: { user: 'me', password: '${env:PASSWORD}' } };
    const enter = async (lab: Lab, password: string) =>
      get<unknown>(`${lab.sources['shop']}/login`, {
        method: 'POST',
        body: JSON.stringify({ user: 'me', password }),
      });
    const inBody = await play({ type: 'session', login, sessionToken: { body: 'session.token' } });
    const { body } = await enter(inBody, 'lab-PASSWORD');
    const token = (body as { session: { token: string } }).session.token;
    expect(await status(inBody, token)).to.equal(200);
    expect((await enter(inBody, 'guess')).status).to.equal(401);
    expect(inBody.stats()['shop']?.tokens).to.include({ issued: 1, refused: 1 });

    const inHeader = await play({
      type: 'session',
      login,
      header: 'X-Session',
      sessionToken: { header: 'X-Session-Id' },
    });
    const session = (await enter(inHeader, 'lab-PASSWORD')).headers.get('x-session-id')!;
    expect(await status(inHeader, session, 'X-Session', '')).to.equal(200);
    expect(await status(inHeader, session)).to.equal(401);
  });

  it('are not given where none are declared', async () => {
    const lab = await start([shop()], orders([]));
    expect((await ask(lab, {})).status).to.equal(404);
    expect((await get(labTokenUrl(lab.url, { name: 'shop' }))).status).to.equal(405);
  });

  it('leave the lab’s own path to the lab', async () => {
    expect(await failureOf(start([{ ...shop(), name: '_lab' }], orders([])))).to.match(/^ETL0808: /);
  });
});
