import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { etl, projectFolder } from '../support/cli.ts';

const mapping = (name: string): string =>
  `kind: mapping\nname: ${name}\nfrom: api.${name}\nto: {schema: main}\nload: {key: [id]}\nproperties:\n  id: {from: id, type: string}\n`;

describe('an API that limits each operation', function () {
  this.timeout(60_000);

  const server = createServer(({ url }, response) => {
    if (url?.startsWith('/orders')) response.writeHead(429, { 'retry-after': '600' }).end('QuotaExceeded');
    else response.end('[{"id": 1}]');
  });
  before((done) => {
    server.listen(0, '127.0.0.1', () => done());
  });
  after((done) => {
    server.close(() => done());
  });

  it('and throttles one goes on being asked for the others', async () => {
    const folder = projectFolder({
      'etl.yml': 'kind: project\nname: demo\n',
      'sources/api.yml': `kind: source
name: api
baseUrl: http://127.0.0.1:${(server.address() as AddressInfo).port}
budget:
  patience: 1s
  limits:
    - {id: orders, bucket: {rate: 10/s, burst: 10}, when: {path: /orders}}
    - {id: items, bucket: {rate: 10/s, burst: 10}, when: {path: /items}}
streams:
  orders: {request: {path: /orders}, primaryKey: [id]}
  items: {request: {path: /items}, primaryKey: [id]}
`,
      'mappings/orders.yml': mapping('orders'),
      'mappings/items.yml': mapping('items'),
    });
    const first = await etl(['run', '--select', 'api.orders+', '-p', folder]);
    expect(first.code, first.stderr).to.equal(1);
    // The freeze is remembered from run to run; it stands for one of the limits.
    const limits = JSON.parse((await etl(['limits', '--json', '-p', folder])).stdout) as {
      result: { budgets: { freezes: { limit?: string }[] }[] };
    };
    expect(limits.result.budgets[0]?.freezes.map(({ limit }) => limit)).to.deep.equal(['orders']);
    const { code, stdout } = await etl(['run', '--select', 'api.items+', '--json', '-p', folder]);
    expect(code).to.equal(0);
    expect(JSON.parse(stdout).result.streams).to.have.nested.property('[0].received', 1);
  });
});
