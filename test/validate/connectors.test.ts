import { expect } from 'chai';
import { plan } from '../../engine/engine.ts';
import { emptyState } from '../../engine/model/snapshot.ts';
import { checkProject } from '../support/check-project.ts';
import { type Files, withFolder } from '../support/temporary-folder.ts';

const connector = `kind: connector
title: Our ERP
vars:
  region: {description: where the company is}
  stage: {description: stage of the system, default: live}
baseUrl: https://\${var:region}.erp.example.com/\${var:stage}
auth: {type: bearer, token: "\${env:ERP_TOKEN}"}
headers: {Accept: application/json, X-Client: sluice}
redact: [note, secret]
streams:
  orders:
    request: {path: /orders, query: {limit: 100, status: any}}
    primaryKey: [id]
    cursor: {field: changed, lookback: 5m, from: {query: since}}
  invoices:
    request: {path: /invoices}
    primaryKey: [id]
`;

const source = `kind: source
name: erp
connector: ./connectors/erp
vars: {region: eu}
headers: {X-Client: null, X-Team: sales}
redact: [note]
streams:
  orders:
    request: {query: {status: open}}
    cursor: null
  notes:
    request: {path: /notes}
    primaryKey: [id]
`;

const files: Files = {
  'etl.yml': 'kind: project\nname: p\nvars: {stage: test, region: us}\n',
  'connectors/erp/connector.yml': connector,
  'connectors/erp/examples/replies.yml': 'kind: nothing that a project has\n',
  'sources/erp.yml': source,
  'mappings/orders.yml':
    'kind: mapping\nname: orders\nfrom: erp.orders\nload: {key: [id]}\nproperties: {id: {from: id, type: string}}\n',
  'mappings/notes.yml':
    'kind: mapping\nname: notes\nfrom: erp.notes\nload: {key: [id]}\nproperties: {id: {from: id, type: string}}\n',
};

const checked = (changes: Files = {}) =>
  withFolder({ ...files, ...changes }, async (folder) => ({ ...(await checkProject(folder)), folder }));

describe('a source that names a connector', () => {
  it('has what the connector says, changed key by key, with lists replaced and keys taken away by null', async () => {
    const { project, diagnostics } = await checked();
    expect(diagnostics).to.deep.equal([]);
    const erp = project?.sources[0];
    expect(erp?.headers).to.deep.equal({ Accept: 'application/json', 'X-Team': 'sales' });
    expect(erp?.redact).to.deep.equal(['note']);
    expect(erp?.streams['orders']).to.deep.equal({
      request: { path: '/orders', query: { limit: 100, status: 'open' } },
      primaryKey: ['id'],
    });
    expect(Object.keys(erp?.streams ?? {})).to.deep.equal(['orders', 'invoices', 'notes']);
  });

  it('takes its variables first, then those of the project, then the defaults of the connector', async () => {
    const { project } = await checked();
    expect(project?.sources[0]?.baseUrl).to.equal('https://eu.erp.example.com/test');
    const without = await checked({ 'etl.yml': 'kind: project\nname: p\n' });
    expect(without.project?.sources[0]?.baseUrl).to.equal('https://eu.erp.example.com/live');
  });

  it('names the file and line where each value was written', async () => {
    const wrong = await checked({
      'connectors/erp/connector.yml': connector.replace('lookback: 5m', 'lookbak: 5m'),
      'sources/erp.yml': source.replace('    cursor: null\n', '    cursor: {field: 5}\n'),
    });
    expect(wrong.diagnostics.map(({ code, place }) => `${code} ${place?.file}:${place?.line}`)).to.deep.equal(
      ['ETL0104 connectors/erp/connector.yml:14', 'ETL0105 sources/erp.yml:10'],
    );
    const { project } = await checked();
    expect(project?.references).to.deep.equal([
      { reference: '${env:ERP_TOKEN}', at: 'connectors/erp/connector.yml:7:30' },
    ]);
  });

  it('reads the streams that mappings read; those that the source does not name are no mistake', async () => {
    const checkedOnce = await checked();
    const planned = plan(checkedOnce, checkedOnce.project!, '0', emptyState).plan;
    expect(planned?.steps.map(({ id }) => id).filter((id) => id.startsWith('extract'))).to.deep.equal([
      'extract erp.orders',
      'extract erp.notes',
    ]);
    const named = await checked({ 'sources/erp.yml': `${source}  invoices: {}\n` });
    expect(named.diagnostics.map(({ code, place }) => `${code} ${place?.file}`)).to.deep.equal([
      'ETL0220 sources/erp.yml',
    ]);
  });

  it('has another plan when the connector changes', async () => {
    const ids = [];
    for (const text of [
      connector,
      connector.replace('status: any', 'status: any, archived: true'),
      connector,
    ]) {
      const one = await checked({ 'connectors/erp/connector.yml': text });
      ids.push(plan(one, one.project!, '0', emptyState).plan?.id);
    }
    expect(ids[0]).to.equal(ids[2]);
    expect(ids[0]).not.to.equal(ids[1]);
  });

  it('is a packaged one by its name', async () => {
    const { project, diagnostics } = await checked({
      'sources/erp.yml': 'kind: source\nname: erp\nconnector: shopify\nvars: {shop: acme}\n',
      'mappings/notes.yml': files['mappings/orders.yml']!.toString().replace('name: orders', 'name: notes'),
    });
    expect(diagnostics).to.deep.equal([]);
    expect(project?.sources[0]?.baseUrl).to.equal('https://acme.myshopify.com/admin/api/2026-07');
    expect(project?.references[0]?.at).to.match(/^sluice-etl\/connectors\/shopify\/connector\.yml:\d+:\d+$/);
  });
});
