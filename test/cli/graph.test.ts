import { expect } from 'chai';
import { etl, projectFolder } from '../support/cli.ts';

const project = (): string =>
  projectFolder({
    'etl.yml': 'kind: project\nname: demo\n',
    'sources/shop.yml': `kind: source
name: shop
baseUrl: https://shop.example
streams:
  orders:
    request: {path: /orders}
    primaryKey: [id]
    tags: [hourly]
    deletes: [{by: stream, stream: gone, key: [id]}, {by: sweep}]
  gone: {request: {path: /gone}, primaryKey: [id]}
`,
    'mappings/lines.yml': `kind: mapping
name: lines
tags: [finance, daily]
from: shop.orders
to: {schema: sales}
load: {key: [id]}
properties:
  id: {from: id, type: string}
`,
  });

describe('what a project is made of', function () {
  this.timeout(120_000);

  it('is listed, with tags, without a database or a secret', async () => {
    const { code, stdout } = await etl(['ls', '--json', '-p', project()]);
    const { result } = JSON.parse(stdout) as { result: { name: string; from: string[]; tags: string[] }[] };
    expect(code).to.equal(0);
    expect(result.map(({ name, from, tags }) => [name, from, tags])).to.deep.equal([
      ['shop', [], []],
      ['shop.orders', ['shop'], ['hourly']],
      ['shop.gone', ['shop'], []],
      ['lines', ['shop.orders', 'shop.gone'], ['finance', 'daily']],
      ['table sales.lines', ['lines'], []],
    ]);
  });

  it('is drawn as a tree, for Graphviz and for Markdown', async () => {
    const folder = project();
    const drawn = async (format: string): Promise<string> =>
      (await etl(['graph', '--format', format, '-p', folder])).stdout;
    expect(await drawn('text')).to.equal(
      'shop\n  shop.orders\n    lines\n      table sales.lines\n  shop.gone\n    lines\n      table sales.lines\n',
    );
    expect(await drawn('dot'))
      .to.contain('"shop.orders" -> "lines";')
      .and.to.match(/^digraph etl \{/);
    expect(await drawn('mermaid'))
      .to.contain('n1("shop.orders")')
      .and.to.contain('n1 --> n3');
  });
});
