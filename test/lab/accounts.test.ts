import { expect } from 'chai';
import type * as config from '../../engine/model/config.ts';
import { closeLabs, errorOf, get, orders, shop, start } from './support/lab-project.ts';

const withAuth = (auth: config.Auth): config.Source => shop({}, { auth });
const basic = (pair: string): RequestInit => ({
  headers: { Authorization: `Basic ${Buffer.from(pair).toString('base64')}` },
});

describe('the accounts of the lab', () => {
  afterEach(closeLabs);

  it('take an API key in a header, and nothing else', async () => {
    const lab = await start(
      [withAuth({ type: 'api_key', header: 'X-Key', value: '${env:SHOP_TOKEN}' })],
      orders([]),
    );
    const url = `${lab.sources['shop']}/orders`;
    expect((await get(url, { headers: { 'x-key': 'lab-SHOP_TOKEN' } })).status).to.equal(200);
    expect(await errorOf(url)).to.equal('401: The API key (header X-Key) is missing.');
    expect(await errorOf(url, { headers: { 'X-Key': 'lab-OTHER' } })).to.equal(
      '401: The API key (header X-Key) is not the one of this account.',
    );
  });

  it('take an API key in the query, and do not repeat it in links', async () => {
    const source = shop(
      { paginate: { type: 'link_header', size: 1 } },
      { auth: { type: 'api_key', query: 'key', value: 'k-${file:secrets/shop.key}' } },
    );
    const lab = await start([source], orders([{ id: 1 }, { id: 2 }]));
    const url = `${lab.sources['shop']}/orders`;
    const reply = await get(`${url}?key=k-lab-shop.key`);
    expect(reply.status).to.equal(200);
    expect(reply.headers.get('link')).to.not.contain('shop.key');
    expect(await errorOf(`${url}?key=k`)).to.match(/^401: The API key \(query parameter key\) is not/);
    expect(await errorOf(url)).to.equal('401: The API key (query parameter key) is missing.');
  });

  it('take a bearer token, and challenge for it', async () => {
    const lab = await start([withAuth({ type: 'bearer', token: '${env:CRM_TOKEN:-none}' })], orders([]));
    const url = `${lab.sources['shop']}/orders`;
    expect((await get(url, { headers: { Authorization: 'Bearer lab-CRM_TOKEN' } })).status).to.equal(200);
    const refused = await get(url, { headers: { Authorization: 'Basic lab-CRM_TOKEN' } });
    expect(refused.status).to.equal(401);
    expect(refused.headers.get('www-authenticate')).to.equal('Bearer realm="lab"');
    expect(await errorOf(url, { headers: { Authorization: 'Bearer x' } })).to.match(
      /^401: .* is not the one/,
    );
  });

  it('take user name and password, and challenge for them', async () => {
    const auth: config.Auth = { type: 'basic', username: 'sluice', password: '${env:PASSWORD}' };
    const lab = await start([withAuth(auth)], orders([]));
    const url = `${lab.sources['shop']}/orders`;
    expect((await get(url, basic('sluice:lab-PASSWORD'))).status).to.equal(200);
    expect((await get(url, basic('sluice:wrong'))).status).to.equal(401);
    expect((await get(url)).headers.get('www-authenticate')).to.match(/^Basic /);
  });

  it('ask for nothing where nothing is declared', async () => {
    const lab = await start([withAuth({ type: 'none' })], orders([{ id: 1 }]));
    expect(await get(`${lab.sources['shop']}/orders`)).to.deep.include({ status: 200, body: [{ id: 1 }] });
  });
});
