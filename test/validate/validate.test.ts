import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { expect } from 'chai';
import { readProject } from '../../engine/read/read.ts';
import { validateProject } from '../../engine/validate/validate.ts';
import { checkProject } from '../support/check-project.ts';
import { root } from '../support/root.ts';
import { type Files, withFolder } from '../support/temporary-folder.ts';

const source = `kind: source
name: shop
baseUrl: "https://\${var:shop}.example.com"
auth: {type: bearer, token: "\${env:TOKEN}"}
streams:
  orders:
    request: {path: /orders.json, query: {limit: "\${var:size}", note: "$\${var:x}"}, headers: {A: "\${env:TOKEN}"}}
    primaryKey: [id]
    cursor: {field: at, from: {query: since}}
  numbers:
    request: {path: /numbers.json}
    primaryKey: [id]
    cursor: {field: id, type: integer, from: {query: since}}
`;

const mapping = (name: string, extra = ''): string => `kind: mapping
name: ${name}
from: shop.${name}
load: {key: [id]}
${extra}properties:
  id: {from: id, type: string}
`;

const files: Files = {
  'etl.yml': `kind: project
name: storefront
vars: {shop: acme, size: 50, home: "\${env:HOME:-/}"}
pii: {key: "\${file:/run/secrets/pii}"}
defaults: {stream: {lookback: 5m}, mapping: {onInvalid: set_null}}
environments:
  first: {}
  production: {vars: {shop: acme_inc}, warehouse: {path: prod.duckdb, memory: 1GiB}}
  test: {extends: production, vars: {size: 10}, warehouse: {path: test.duckdb}}
`,
  'sources/shop.yml': source,
  'mappings/orders.yml': mapping('orders', 'description: "${var:home}"\n'),
  'mappings/numbers.yml': mapping('numbers', 'onInvalid: fail\n'),
};

const projectOf = (changes: Files = {}, environment?: string) =>
  withFolder({ ...files, ...changes }, async (folder) => {
    const { project, diagnostics } = await checkProject(folder, environment);
    expect(diagnostics).to.deep.equal([]);
    return project!;
  });

describe('a valid project', () => {
  it('fills in the variables of a source in its file alone, before those of environment and project', async () => {
    const changes = {
      'sources/shop.yml': source.replace(
        'name: shop\n',
        'name: shop\nvars: {shop: own, size: 7, unused: x}\n',
      ),
      'mappings/orders.yml': mapping('orders', 'description: "${var:shop}"\n'),
    };
    const project = await projectOf(changes, 'production');
    expect(project.sources[0]?.baseUrl).to.equal('https://own.example.com');
    expect(project.sources[0]?.streams['orders']?.request.query?.['limit']).to.equal(7);
    expect(project.mappings.find(({ name }) => name === 'orders')?.description).to.equal('acme_inc');
  });

  it('takes a scalar that is one variable with the type of the variable', async () => {
    const project = await projectOf();
    expect(project.sources[0]?.streams['orders']?.request.query?.['limit']).to.equal(50);
    expect(project.sources[0]?.baseUrl).to.equal('https://acme.example.com');
  });

  it('writes a plain ${ for $${', async () => {
    const project = await projectOf();
    expect(project.sources[0]?.streams['orders']?.request.query?.['note']).to.equal('${var:x}');
  });

  it('merges an environment over what it extends', async () => {
    const project = await projectOf({}, 'test');
    expect(project.environment).to.equal('test');
    expect(project.warehouse).to.deep.equal({ type: 'duckdb', path: 'test.duckdb', memory: '1GiB' });
    expect(project.sources[0]?.baseUrl).to.equal('https://acme_inc.example.com');
    expect(project.sources[0]?.streams['orders']?.request.query?.['limit']).to.equal(10);
  });

  it('is in the first environment where none is called dev', async () => {
    expect((await projectOf()).environment).to.equal('first');
  });

  it('has a built-in environment where it declares none', async () => {
    const { environment, staging, warehouse } = await projectOf({
      'etl.yml': 'kind: project\nname: p\nvars: {shop: a, size: 1, home: b}\n',
    });
    expect(environment).to.equal('dev');
    expect(staging).to.include({ dialect: 'sqlite', storage: '.etl/staging.sqlite' });
    expect(warehouse).to.include({ type: 'duckdb', path: '.etl/warehouse.duckdb' });
  });

  it('inherits defaults where a stream or mapping does not say otherwise', async () => {
    const { sources, mappings } = await projectOf();
    expect(sources[0]?.streams['orders']?.cursor?.lookback).to.equal('5m');
    expect(sources[0]?.streams['numbers']?.cursor).not.to.have.property('lookback');
    expect(mappings.map(({ name, onInvalid }) => [name, onInvalid])).to.deep.equal([
      ['numbers', 'fail'],
      ['orders', 'set_null'],
    ]);
  });

  it('lists every reference once, with the place that names it first', async () => {
    expect((await projectOf()).references).to.deep.equal([
      { reference: '${file:/run/secrets/pii}', at: 'etl.yml:4:13' },
      { reference: '${env:HOME:-/}', at: 'mappings/orders.yml:5:15' },
      { reference: '${env:TOKEN}', at: 'sources/shop.yml:4:30' },
    ]);
  });

  it('does not list references of environments that are not chosen', async () => {
    const etl = `${files['etl.yml']}  other: {staging: {storage: "\${env:OTHER}"}}\n`;
    expect(JSON.stringify((await projectOf({ 'etl.yml': etl })).references)).not.to.contain('OTHER');
  });
});

describe('validateProject', () => {
  it('needs no environment variable, no file and no network', async () => {
    const { files: read } = await withFolder(files, (folder) => readProject(folder, root));
    const require = createRequire(import.meta.url);
    const net: { Socket: { prototype: { connect: unknown } } } = require('node:net');
    const { connect } = net.Socket.prototype;
    const environment = process.env;
    const refused = (): never => {
      throw new Error('validate must not do this');
    };
    net.Socket.prototype.connect = refused;
    process.env = new Proxy({}, { get: refused, has: refused, ownKeys: refused });
    try {
      expect(validateProject(read).diagnostics).to.deep.equal([]);
    } finally {
      process.env = environment;
      net.Socket.prototype.connect = connect;
    }
  });

  it('gives the same result for the same files', async () => {
    const { files: read } = await readProject(join(root, 'test/projects/plain-secret'), root);
    expect(validateProject(read)).to.deep.equal(validateProject(read));
  });

  it('imports nothing of the platform', () => {
    const folder = join(root, 'engine/validate');
    for (const file of readdirSync(folder)) {
      expect(readFileSync(join(folder, file), 'utf8'), file).not.to.match(/from 'node:/);
    }
  });
});
