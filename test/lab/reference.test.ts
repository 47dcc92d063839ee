import { expect } from 'chai';
import { labBaseUrl, labReference, labText } from '../../engine/lab/lab.ts';
import { closeLabs, get, orders, shop, start } from './support/lab-project.ts';

describe('what both sides of the lab agree on', () => {
  afterEach(closeLabs);

  it('is what a reference stands for', () => {
    expect(labReference('${env:SHOP_TOKEN}')).to.equal('lab-SHOP_TOKEN');
    expect(labReference('${env:SHOP_TOKEN:-none}')).to.equal('lab-SHOP_TOKEN');
    expect(labReference('${file:/run/secrets/shop.key}')).to.equal('lab-shop.key');
    expect(labText('a ${env:A} b ${file:b/c} ${other}')).to.equal('a lab-A b lab-c ${other}');
  });

  it('is where a source stands', () => {
    const at = (baseUrl: string): string => labBaseUrl('http://127.0.0.1:80/', { name: 'shop', baseUrl });
    expect(at('https://shop.example/admin/api/')).to.equal('http://127.0.0.1:80/shop/admin/api');
    expect(at('https://shop.example')).to.equal('http://127.0.0.1:80/shop');
    expect(at('https://${env:HOST}/api')).to.equal('http://127.0.0.1:80/shop');
    expect(at('${env:URL}')).to.equal('http://127.0.0.1:80/shop');
  });

  it('is what the lab says of itself', async () => {
    const second = {
      ...shop({ lab: { data: 'lab/shop/orders.ndjson' } }),
      name: 'shop2',
      baseUrl: '${env:URL}',
    };
    const lab = await start([shop(), second], orders([{ id: 1 }]));
    expect(lab.sources).to.deep.equal({ shop: `${lab.url}/shop/api/v1`, shop2: `${lab.url}/shop2` });
    for (const url of Object.values(lab.sources))
      expect((await get(`${url}/orders`)).body).to.deep.equal([{ id: 1 }]);
  });
});
