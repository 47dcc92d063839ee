import type { IncomingMessage } from 'node:http';
import { expect } from 'chai';
import { type Api, api, etl, type Finished, json, projectFolder, start } from '../support/cli.ts';
import { ownPrefix, sharedRedis } from '../support/redis.ts';

const accounts = ['berlin', 'paris', 'rome'] as const;

interface Provider extends Api {
  /** What the token endpoint was asked for, as `account grant`. */
  readonly tokens: string[];
  /** Requests with a token that is not the account's own, and refresh tokens that came twice. */
  readonly wrong: string[];
  /** Accounts whose refresh token, or client, is refused. */
  readonly revoked: Set<string>;
  /** Makes the access tokens of an account invalid. */
  expire(account: string): void;
  /** Records of each account. */
  records: number;
}

const bodyOf = async (request: IncomingMessage): Promise<string> => {
  const chunks: Uint8Array[] = [];
  for await (const chunk of request) chunks.push(chunk as Uint8Array);
  return Buffer.concat(chunks).toString();
};

/** Whose client it is, by its id. */
const clientOf = (form: URLSearchParams, { headers }: IncomingMessage): string => {
  const basic = Buffer.from((headers.authorization ?? '').replace(/^Basic /, ''), 'base64').toString();
  return (form.get('client_id') ?? basic.split(':')[0] ?? '').replace('client-', '');
};

/** An API whose accounts have tokens of their own; a refresh token works once. */
async function provider(): Promise<Provider> {
  const [tokens, wrong, revoked] = [[] as string[], [] as string[], new Set<string>()];
  const issued = new Map<string, number>(accounts.map((account) => [account, 0]));
  const valid = new Map<string, string>();
  const state = { records: 1 };
  const issue = async (request: IncomingMessage): Promise<readonly [number, unknown]> => {
    const form = new URLSearchParams(await bodyOf(request));
    const [, account = clientOf(form, request), number] =
      /^refresh-(\w+)-(\d+)$/.exec(form.get('refresh_token') ?? '') ?? [];
    tokens.push(`${account} ${form.get('grant_type')}`);
    if (revoked.has(account)) return [400, { error: 'invalid_grant', error_description: 'revoked' }];
    const before = issued.get(account) ?? 0;
    if (number !== undefined && Number(number) !== before) {
      wrong.push(`refresh-${account}-${number} after ${before}`);
      return [400, { error: 'invalid_grant' }];
    }
    issued.set(account, before + 1);
    valid.set(account, `access-${account}-${before + 1}`);
    const refresh = number === undefined ? {} : { refresh_token: `refresh-${account}-${before + 1}` };
    return [200, { access_token: valid.get(account), token_type: 'Bearer', expires_in: 3600, ...refresh }];
  };
  const served = await api((request, response) => {
    if (request.url === '/token')
      return void issue(request).then(([status, value]) => json(response, value, status));
    const account = (request.url ?? '').split('/')[1] ?? '';
    const given = request.headers.authorization ?? '';
    if (!given.startsWith(`Bearer access-${account}-`)) wrong.push(`${request.url} with ${given}`);
    if (given !== `Bearer ${valid.get(account)}`) return json(response, {}, 401);
    const list = Array.from({ length: state.records }, (_, id) => ({ id: `${id}`, whose: account }));
    return json(response, { list, next: null });
  });
  return Object.assign(state, served, {
    tokens,
    wrong,
    revoked,
    expire: (account: string) => void valid.set(account, 'none'),
  });
}

const refreshing = {
  of: 'grant: refresh_token, clientId: app, clientSecret: "${env:APP_SECRET}"',
  own: (account: string) => `{refreshToken: "\${env:${account.toUpperCase()}_SECRET}"}`,
  secrets: {
    APP_SECRET: 'of the application',
    ...Object.fromEntries(accounts.map((one) => [`${one.toUpperCase()}_SECRET`, `refresh-${one}-0`])),
  },
};

const minting = {
  of: 'grant: client_credentials',
  own: (account: string) =>
    `{clientId: client-${account}, clientSecret: "\${env:${account.toUpperCase()}_SECRET}"}`,
  secrets: Object.fromEntries(accounts.map((one) => [`${one.toUpperCase()}_SECRET`, `secret of ${one}`])),
};

const tokenKey = { TOKEN_KEY: 'a key of more than thirty-two characters, for tests' };

function project({ url }: Provider, auth: typeof minting, more = ''): string {
  const stream = (name: string): string =>
    `  ${name}: {request: {path: "/{account}/${name}"}, records: list, primaryKey: [id], paginate: {type: cursor_token, token: next, param: after}}\n`;
  const mapping = (name: string): string =>
    `kind: mapping\nname: ${name}\nfrom: shop.${name}\nload: {key: [id]}\nproperties:\n  id: {from: id, type: string}\n  whose: {from: whose, type: string}\n`;
  return projectFolder({
    'etl.yml': `kind: project\nname: demo\nenvironments: {dev: {tokenKey: "\${env:TOKEN_KEY}"${more}}}\n`,
    'sources/shop.yml': `kind: source
name: shop
baseUrl: ${url}
auth: {type: oauth2, tokenUrl: "${url}/token", ${auth.of}}
accounts:
${accounts.map((account) => `  ${account}: {auth: ${auth.own(account)}}\n`).join('')}streams:
${stream('orders')}${stream('customers')}`,
    'mappings/orders.yml': mapping('orders'),
    'mappings/customers.yml': mapping('customers'),
  });
}

/** Rows of the table as `account whose`: the account that was asked for, and the one that answered. */
async function rowsIn(folder: string, name = 'orders'): Promise<readonly string[]> {
  const { stdout } = await etl(['preview', name, '--warehouse', '--json', '-p', folder], tokenKey);
  const { columns, rows } = (JSON.parse(stdout) as { result: { columns: string[]; rows: string[][] } })
    .result;
  const [account, whose] = ['_account', 'whose'].map((one) => columns.indexOf(one));
  return [...new Set(rows.map((row) => `${row[account ?? 0]} ${row[whose ?? 0]}`))].sort();
}

interface Blocker {
  readonly kind: string;
  readonly code: string;
  readonly account: string;
}

const blockersOf = async (folder: string): Promise<readonly Blocker[]> =>
  (
    JSON.parse((await etl(['blockers', '--json', '-p', folder], tokenKey)).stdout) as {
      result: { blockers: readonly Blocker[] };
    }
  ).result.blockers.map(({ kind, code, account }) => ({ kind, code, account }));

const own = (names: readonly string[]): readonly string[] => names.map((name) => `${name} ${name}`);

describe('accounts that have tokens of their own', function () {
  this.timeout(120_000);
  let shop: Provider;

  beforeEach(async () => {
    shop = await provider();
  });

  afterEach(() => shop.close());

  for (const [name, auth, grant] of [
    ['refresh tokens', refreshing, 'refresh_token'],
    ['clients', minting, 'client_credentials'],
  ] as const) {
    const env = { ...tokenKey, ...auth.secrets };
    const run = (folder: string, ...args: readonly string[]): Promise<Finished> =>
      etl(['run', '-q', ...args, '-p', folder], env);

    it(`are cached and renewed each by itself: ${name}`, async () => {
      const folder = project(shop, auth);
      const first = await run(folder);
      expect(first.code, first.stderr).to.equal(0);
      // One for both streams of an account.
      expect([...shop.tokens].sort()).to.deep.equal(accounts.map((one) => `${one} ${grant}`));
      expect((await run(folder)).code).to.equal(0);
      expect(shop.tokens).to.have.length(3);
      shop.expire('paris');
      expect((await run(folder)).code).to.equal(0);
      expect(shop.tokens.slice(3)).to.deep.equal([`paris ${grant}`]);
      expect(shop.wrong).to.deep.equal([]);
      expect(await rowsIn(folder)).to.deep.equal(own(accounts));
      expect(await rowsIn(folder, 'customers')).to.deep.equal(own(accounts));
    });

    it(`are one auth Blocker where one is revoked, and the others stay fresh: ${name}`, async () => {
      const folder = project(shop, auth);
      expect((await run(folder)).code).to.equal(0);
      shop.revoked.add('paris');
      shop.expire('paris');
      shop.records = 2;
      const finished = await run(folder, '--json');
      expect(finished.code, finished.stderr).to.equal(1);
      const report = JSON.parse(finished.stdout).result;
      const failed = report.streams.filter((one: { status: string }) => one.status !== 'succeeded');
      expect(failed.map((one: { stream: string }) => one.stream)).to.have.members([
        'shop.orders@paris',
        'shop.customers@paris',
      ]);
      for (const { status, inserted } of report.tables)
        expect({ status, inserted }).to.deep.equal({ status: 'succeeded', inserted: 2 });
      expect(await blockersOf(folder)).to.deep.equal([{ kind: 'auth', code: 'ETL0434', account: 'paris' }]);
      expect((await run(folder)).code).to.equal(1);
      expect(await blockersOf(folder)).to.have.length(1);
      expect(shop.wrong).to.deep.equal([]);
      shop.revoked.clear();
      const again = await run(folder);
      expect(again.code, again.stderr).to.equal(0);
      expect(await blockersOf(folder)).to.deep.equal([]);
      expect(shop.wrong).to.deep.equal([]);
    });
  }

  const locks = [
    ['the staging database', async () => ({ settings: '', REDIS: '' })],
    [
      'Redis',
      async (test: Mocha.Context) => ({
        settings: `, redis: {url: "\${env:REDIS}", prefix: ${ownPrefix()}}`,
        REDIS: await sharedRedis(test),
      }),
    ],
  ] as const;
  for (const [name, opened] of locks) {
    it(`are renewed once for two processes that need them at once, locked in ${name}`, async function () {
      const { settings, REDIS } = await opened(this);
      const env = { ...tokenKey, ...refreshing.secrets, REDIS };
      const folder = project(shop, refreshing, settings);
      const prepared = await etl(['run', '-q', '-p', folder], env);
      expect(prepared.code, prepared.stderr).to.equal(0);
      for (const account of accounts) shop.expire(account);
      shop.tokens.splice(0);
      const both = await Promise.all(
        ['orders', 'customers'].map(
          (name) => start(['run', '-q', '--select', `shop.${name}+`, '-p', folder], env).finished,
        ),
      );
      expect(
        both.map(({ code }) => code),
        JSON.stringify(both),
      ).to.deep.equal([0, 0]);
      expect([...shop.tokens].sort()).to.deep.equal(accounts.map((one) => `${one} refresh_token`));
      expect(shop.wrong).to.deep.equal([]);
    });
  }
});
