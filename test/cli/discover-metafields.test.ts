import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { searched } from '../support/byte-search.ts';
import { etl, type Finished, projectFolder, tableOf } from '../support/cli.ts';

const mapping = `kind: mapping
name: products
from: shop.products
load: {key: [id]}
use: [generated/shop_products.yml]
contract: {types: quarantine}
properties:
  id: {from: id, type: string}
`;

interface Told {
  readonly code: string;
  readonly summary: string;
}

type Values = Readonly<Record<string, unknown>>;

const definition = (key: string, type: string, choices?: readonly string[]) => ({
  ...{ namespace: 'custom', key, name: key.toUpperCase(), type: { name: type } },
  validations: choices === undefined ? [] : [{ name: 'choices', value: JSON.stringify(choices) }],
});

const element = ([key, jsonValue]: readonly [string, unknown]) => ({ namespace: 'custom', key, jsonValue });

/** A shop whose metafields a test changes between commands. */
class Shop {
  readonly folder = projectFolder({
    'etl.yml': 'kind: project\nname: shop\npii: {key: "${env:PII_KEY}"}\n',
    'sources/shop.yml': 'kind: source\nname: shop\nconnector: shopify-graphql\nvars: {shop: acme}\n',
    'mappings/products.yml': mapping,
  });
  readonly #records = new Map<string, string[]>();

  write(file: string, content: string): void {
    mkdirSync(dirname(join(this.folder, file)), { recursive: true });
    writeFileSync(join(this.folder, file), content);
  }

  read(file: string): string {
    return readFileSync(join(this.folder, file), 'utf8');
  }

  define(...nodes: readonly ReturnType<typeof definition>[]): void {
    const response = { data: { metafieldDefinitions: { nodes, pageInfo: { hasNextPage: false } } } };
    this.write('lab/shop/describe/products.json', JSON.stringify(response));
  }

  add(id: string, values: Values | readonly object[], stream = 'products'): void {
    const all = this.#records.get(stream) ?? [];
    this.#records.set(stream, all);
    const minute = String(all.length).padStart(2, '0');
    const nodes = Array.isArray(values) ? values : Object.entries(values as Values).map(element);
    all.push(JSON.stringify({ id, updatedAt: `2026-01-01T00:${minute}:00Z`, metafields: { nodes } }));
    this.write(`lab/shop/${stream}.ndjson`, `${all.join('\n')}\n`);
  }

  etl(...args: readonly string[]): Promise<Finished> {
    return etl([...args, '--project', this.folder], { PII_KEY: 'a key for tests' });
  }

  async told(...args: readonly string[]): Promise<readonly Told[]> {
    const { stdout } = await this.etl(...args, '--json');
    return (JSON.parse(stdout) as { diagnostics: readonly Told[] }).diagnostics;
  }

  async codes(...args: readonly string[]): Promise<readonly string[]> {
    return (await this.told(...args)).map(({ code }) => code);
  }

  async ok(...args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await this.etl(...args);
    expect(code, stdout + stderr).to.equal(0);
    return stdout + stderr;
  }

  async rows(...columns: readonly string[]): Promise<readonly (readonly unknown[])[]> {
    const rows = await tableOf(this.folder, 'products', ['--lab']);
    return rows.map((row) => columns.map((column) => row[column]));
  }

  /** Where a text stands in what is kept. */
  kept(...texts: readonly string[]): readonly unknown[] {
    return searched(join(this.folder, '.etl'), texts).filter(
      (one) => !JSON.stringify(one).includes('lab/data'),
    );
  }
}

describe('metafields of Shopify', function () {
  this.timeout(240_000);

  it('become columns with their types, labels and values, and later runs bring what has changed', async () => {
    const shop = new Shop();
    shop.define(
      definition('color', 'single_line_text_field', ['red', 'blue']),
      definition('count', 'number_integer'),
      definition('size', 'number_decimal'),
      definition('ready', 'boolean'),
      definition('made', 'date'),
      definition('seen', 'date_time'),
      definition('deposit', 'money'),
      definition('tags', 'list.single_line_text_field'),
      definition('weight', 'weight'),
      definition('odd', 'hologram'),
    );
    shop.add('p1', {
      color: 'red',
      count: 3,
      size: '1.25',
      ready: true,
      made: '2026-02-03',
      seen: '2026-02-03T04:05:06',
      deposit: { amount: '5.99', currency_code: 'CAD' },
      tags: ['a', 'b'],
      weight: { value: 2.5, unit: 'kg' },
    });
    shop.add('p2', [{ ...element(['color', 'blue']), namespace: 'other' }, element(['count', 4])]);
    expect(await shop.codes('discover', 'shop', 'products', '--lab')).to.deep.equal(['ETL1049']);
    const generated = shop.read('generated/shop_products.yml');
    expect(generated).to.contain(
      `custom_color: {description: COLOR, from: "metafields.nodes[namespace='custom' and key='color'].jsonValue", type: string}`,
    );
    expect(shop.read('catalogs/shop.yml')).to.match(/options:\s+- \{value: red\}\s+- \{value: blue\}/);
    await shop.ok('run', '--lab');
    const columns = [
      'color',
      'count',
      'size',
      'ready',
      'made',
      'seen',
      'deposit',
      'deposit_currency',
      'tags',
      'weight',
    ];
    const all = () => shop.rows('id', ...columns.map((name) => `custom_${name}`));
    const first = await all();
    expect(first[0]?.map(String).join(' ')).to.match(
      /^p1 red 3 1\.250000000 true 2026-02-03 2026-02-03[T ]04:05:06\S* 5\.99 CAD \["a","b"\] \{"value":2\.5,"unit":"kg"\}$/,
    );
    expect(first[1]).to.deep.equal(['p2', null, '4', ...Array(8).fill(null)]);
    expect(generated).to.contain('type: timestamp, zone: UTC');

    shop.add('p1', { color: 'blue' });
    await shop.ok('run', '--lab');
    expect((await all()).find(([id]) => id === 'p1')?.slice(0, 3)).to.deep.equal(['p1', 'blue', null]);
    expect(await shop.codes('discover', 'shop', 'products', '--lab', '--check')).to.deep.equal(['ETL1049']);
    expect(shop.read('generated/shop_products.yml')).to.equal(generated);
  });

  it('show drift: added, retyped and removed', async () => {
    const shop = new Shop();
    shop.define(definition('color', 'single_line_text_field'), definition('count', 'number_integer'));
    shop.add('p1', { color: 'red', count: 3 });
    await shop.ok('discover', 'shop', 'products', '--lab');
    await shop.ok('run', '--lab');

    shop.define(definition('count', 'single_line_text_field'), definition('price', 'money'));
    shop.add('p2', { count: 'many', price: { amount: '1.50', currency_code: 'EUR' } });
    expect((await shop.etl('discover', 'shop', 'products', '--lab', '--check')).code).to.equal(5);
    expect(await shop.codes('discover', 'shop', 'products', '--lab')).to.have.members([
      'ETL1041',
      'ETL1043',
      'ETL1045',
    ]);
    shop.write('mappings/products.yml', mapping.replace('quarantine', 'evolve'));
    await shop.ok('run', '--lab');
    expect(
      await shop.rows('id', 'custom_color', 'custom_count', 'custom_count__string', 'custom_price'),
    ).to.deep.equal([
      ['p1', 'red', '3', '3', null],
      ['p2', null, null, 'many', '1.50'],
    ]);
  });

  it('that two elements of a list have are a Blocker that names them, and nothing is lost', async () => {
    const shop = new Shop();
    shop.define(definition('color', 'single_line_text_field'));
    shop.add('p1', [element(['color', 'red']), element(['color', 'blue'])]);
    shop.add('p2', [{ key: 'color', jsonValue: 'green' }, element(['color', 'blue'])]);
    await shop.ok('discover', 'shop', 'products', '--lab');
    await shop.ok('run', '--lab');
    expect(await shop.rows('id', 'custom_color')).to.deep.equal([['p2', 'blue']]);
    const listed = await shop.etl('blockers', '--lab', '--json');
    expect(listed.stdout).to.contain('ETL0537');
    expect(listed.stdout).to.contain(
      "expected one element [namespace='custom' and key='color'], got 2 of them",
    );
    expect(listed.stdout).to.contain('custom_color');
    expect(await shop.ok('audit', '--lab')).to.match(/accounted/i);

    // The mend is a mapping that says what it wants, and the kept page.
    shop.write(
      'mappings/products.yml',
      `${mapping}  custom_color: {from: "metafields.nodes[0].jsonValue", type: string}\n`,
    );
    await shop.ok('run', '--lab', '--from-ledger');
    expect(await shop.rows('id', 'custom_color')).to.deep.equal([
      ['p1', 'red'],
      ['p2', 'green'],
    ]);
  });

  it('that are personal leave no byte in kept pages, and can be mapped again from them', async () => {
    const shop = new Shop();
    shop.define(definition('vat', 'single_line_text_field'), definition('size', 'single_line_text_field'));
    const vat = "metafields.nodes[namespace='custom' and key='vat'].jsonValue";
    const secret = "metafields.nodes[key='secret' and namespace='custom'].jsonValue";
    shop.write(
      'sources/shop.yml',
      `kind: source\nname: shop\nconnector: shopify-graphql\nvars: {shop: acme}\nredact: ["${secret}"]\n`,
    );
    shop.write('mappings/products.yml', `${mapping}  vat: {from: "${vat}", type: string, pii: hmac}\n`);
    shop.add('p1', { size: 'plain-size', vat: 'vat-of-somebody', secret: 'secret-of-somebody' });
    await shop.ok('discover', 'shop', 'products', '--lab');
    await shop.ok('run', '--lab');
    const [[token, size] = []] = await shop.rows('vat', 'custom_size');
    expect(token).to.match(/^[0-9a-f]{64}$/);
    expect(size).to.equal('plain-size');
    expect(shop.kept('vat-of-somebody', 'secret-of-somebody')).to.deep.equal([]);
    expect(shop.kept('plain-size')).not.to.have.length(0);

    shop.write(
      'mappings/products.yml',
      `${mapping}  vat: {from: "${vat}", type: string, pii: hmac}\n  title: {template: "{{id}}!", type: string}\n`,
    );
    await shop.ok('run', '--lab', '--from-ledger');
    expect(await shop.rows('vat', 'custom_size', 'title')).to.deep.equal([[token, size, 'p1!']]);
  });

  it('that nobody reads are counted by name, and kept without what is read', async () => {
    const shop = new Shop();
    shop.define();
    const path = "metafields.nodes[namespace='custom' and key='color'].jsonValue";
    const reads = (unmapped: string): string =>
      `${mapping.replace(/use: .*\n/, `unmapped: ${unmapped}\n`)}  color: {from: "${path}", type: string}\n`;
    shop.write('mappings/products.yml', reads('report'));
    shop.add('p1', { color: 'red', size: 'L', fit: 'slim' });
    shop.add('p2', { color: 'red', size: 'M' });
    expect(await shop.ok('run', '--lab')).to.contain(
      "products: no property reads 3 paths that have values: metafields.nodes[namespace='custom' and key='size'].jsonValue (2), updatedAt (2), metafields.nodes[namespace='custom' and key='fit'].jsonValue (1)",
    );
    shop.write('mappings/products.yml', reads('{keep: _extra}'));
    await shop.ok('run', '--lab');
    const [[extra] = []] = await shop.rows('_extra');
    expect(JSON.parse(String(extra))).to.deep.equal({
      updatedAt: '2026-01-01T00:00:00Z',
      metafields: { nodes: [element(['size', 'L']), element(['fit', 'slim'])] },
    });
  });
});
