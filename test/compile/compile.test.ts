import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { check, plan, retry } from '../../engine/engine.ts';
import type { Plan } from '../../engine/model/plan.ts';
import { emptyState, type StateSnapshot } from '../../engine/model/snapshot.ts';
import { planText } from '../../engine/report/plan-text.ts';
import { projectFolder } from '../support/cli.ts';
import { root } from '../support/root.ts';

const nothing = emptyState;

async function compile(folder: string, snapshot: StateSnapshot = nothing): Promise<ReturnType<typeof plan>> {
  const checked = await check(folder, root);
  if (checked.project === undefined) throw new Error(JSON.stringify(checked.diagnostics, null, 1));
  return plan(checked, checked.project, '0.0.0', snapshot);
}

const storefront = join(root, 'projects/storefront');

async function storefrontPlan(snapshot?: StateSnapshot): Promise<Plan> {
  const compiled = await compile(storefront, snapshot);
  if (compiled.plan === undefined) throw new Error('the storefront compiles');
  return compiled.plan;
}

/** Compares with a golden file; `GOLDEN=write` writes it. */
function golden(name: string, text: string): void {
  const path = join(root, 'test/golden', name);
  if (process.env['GOLDEN'] === 'write') {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
  expect(text).to.equal(readFileSync(path, 'utf8'));
}

const demo = (mapping: string, source = ''): string =>
  projectFolder({
    'etl.yml': 'kind: project\nname: demo\n',
    'sources/shop.yml':
      'kind: source\nname: shop\nbaseUrl: https://api.example\nstreams:\n  orders: {request: {path: /o}, primaryKey: [id]}\n' +
      source,
    'mappings/orders.yml': `kind: mapping\nname: orders\nfrom: shop.orders\nload: {key: [id]}\nproperties:\n${mapping}`,
  });

describe('compiling overrides and policies', () => {
  const withOverrides = async (snapshot: StateSnapshot = nothing) => {
    const folder = demo(
      '  id: {from: id, type: string}\n  price: {from: price, type: double}\nblockers: {stopAbove: 3, stopAboveShare: 2.5%}\n',
    );
    mkdirSync(join(folder, 'overrides'));
    const file = join(folder, 'overrides/orders.yml');
    const one = '- {record: 7, set: {price: "1"}, was: {price: "1,0"}, expires: 2026-12-31, reason: x}';
    writeFileSync(file, `kind: overrides\nmapping: orders\noverrides:\n  ${one}\n`);
    const compiled = await compile(folder, snapshot);
    if (compiled.plan === undefined) throw new Error('the project compiles');
    return compiled.plan;
  };

  it('keeps values that people set in the plan, and out of the mapping’s hash', async () => {
    const { orders } = (await withOverrides()).mappings;
    const plain = (
      await compile(demo('  id: {from: id, type: string}\n  price: {from: price, type: double}\n'))
    ).plan?.mappings['orders'];
    expect(orders?.hash).to.equal(plain?.hash);
    expect(orders?.overrides).to.deep.equal([
      {
        record: '7',
        set: { price: '1' },
        was: { price: '1,0' },
        untilMs: Date.parse('2027-01-01T00:00:00Z'),
      },
    ]);
  });

  it('maps the pages again that an override is for, and no others', async () => {
    const hash = (await withOverrides()).mappings['orders']?.hash ?? '';
    const plan = await withOverrides({
      ...nothing,
      keptPages: new Map([['shop.orders', { kept: 9, dropped: 0 }]]),
      mappingHashes: new Map([['orders', hash]]),
      overridden: new Map([['orders', [3, 5]]]),
    });
    const [remap] = plan.steps;
    expect(remap)
      .to.include({ kind: 'remap', id: 'remap orders' })
      .and.to.deep.include({ pages: [3, 5] });
    expect(remap?.reason).to.equal(
      'an override answers a Blocker: 2 kept pages are mapped again, without a request',
    );
  });

  it('says where a load stops', async () => {
    const load = (await withOverrides()).steps.find(({ kind }) => kind === 'load');
    expect(load).to.deep.include({ stop: { above: 3, aboveShare: 0.025 } });
  });

  it('retries with the steps of the mappings alone, loading them when asked to', async () => {
    const whole = await withOverrides();
    const some = retry(whole, { pages: new Map([['orders', [4]]]), load: false });
    expect(some.steps.map(({ id }) => id)).to.deep.equal(['remap orders']);
    expect(some.steps[0]).to.deep.include({ pages: [4] });
    expect(some.id).to.not.equal(whole.id);
    const loading = retry(whole, { pages: new Map([['orders', [4]]]), load: true });
    expect(loading.steps.map(({ id }) => id)).to.deep.equal(['remap orders', 'define orders', 'load orders']);
    expect(retry(whole, { pages: new Map(), load: true }).steps).to.deep.equal([]);
  });

  it('maps all pages of a mapping that has changed, whatever is retried', async () => {
    const whole = await withOverrides({
      ...nothing,
      keptPages: new Map([['shop.orders', { kept: 9, dropped: 0 }]]),
    });
    const [remap] = retry(whole, { pages: new Map([['orders', [4]]]), load: false }).steps;
    expect(remap).to.include({ id: 'remap orders' }).and.not.to.have.property('pages');
  });
});

describe('compiling a project', () => {
  it('gives the golden plan of the storefront, step by step and with its SQL', async () => {
    golden('storefront-plan.txt', `${planText(await storefrontPlan(), true)}\n`);
  });

  it('gives the same bytes for the same input', async () => {
    const [one, other] = [await storefrontPlan(), await storefrontPlan()];
    expect(JSON.stringify(one)).to.equal(JSON.stringify(other));
    expect(one.id).to.match(/^[0-9a-f]{64}$/);
  });

  it('survives a round trip through JSON, since it is plain data', async () => {
    const compiled = await storefrontPlan();
    expect(JSON.parse(JSON.stringify(compiled))).to.deep.equal(compiled);
  });

  it('holds references instead of secrets', async () => {
    process.env['MARKETPLACE_KEY'] = 'very-secret-value';
    const text = JSON.stringify(await storefrontPlan());
    delete process.env['MARKETPLACE_KEY'];
    expect(text).to.contain('${env:MARKETPLACE_KEY}').and.not.to.contain('very-secret-value');
  });

  it('takes headroom off the rate, and jitter off the burst', async () => {
    const { limits } = (await storefrontPlan()).sources['marketplace']?.budget ?? { limits: [] };
    // 20/s less 5 % is one request in 52.6 ms; of a burst of 10, two leave room for what 50 ms of jitter can add.
    expect(limits[0]?.id).to.equal('account');
    expect(limits[0]?.shape).to.deep.equal({ kind: 'bucket', intervalUs: 52_632, burst: 8, capacity: 10 });
  });

  it('adds a column that the table lacks, as nullable, and nothing when it lacks none', async () => {
    const tables = [
      { schema: 'main', table: '_etl_loads', columns: [{ name: 'deleted', type: 'BIGINT' }] },
      { schema: 'main', table: '_etl_completeness', columns: [] },
      {
        schema: 'main',
        table: 'orders',
        columns: ['_account', 'id', '_run', '_hash', '_cursor']
          .map((name) => ({ name, type: 'VARCHAR' }))
          .concat([
            { name: '_page', type: 'BIGINT' },
            { name: '_loaded_at', type: 'TIMESTAMP WITH TIME ZONE' },
          ]),
      },
    ];
    const same = await compile(demo('  id: {from: id, type: string}\n'), { ...nothing, tables });
    expect(same.plan?.steps.map(({ kind }) => kind)).to.deep.equal(['extract', 'load']);
    const wider = await compile(
      demo('  id: {from: id, type: string}\n  total: {from: t, type: "decimal(9,2)", required: true}\n'),
      { ...nothing, tables },
    );
    const define = wider.plan?.steps.find((step) => step.kind === 'define');
    expect(define?.kind === 'define' && define.statements[0]).to.equal(
      'ALTER TABLE "main"."orders" ADD COLUMN "total" DECIMAL(9,2)',
    );
    expect(define?.kind === 'define' && define.statements[1]).to.match(
      /UPDATE "main"."orders" SET "_hash" = ''/,
    );
  });

  it('refuses to retype a column', async () => {
    const tables = [{ schema: 'main', table: 'orders', columns: [{ name: 'id', type: 'DOUBLE' }] }];
    const { plan: none, diagnostics } = await compile(demo('  id: {from: id, type: string}\n'), {
      ...nothing,
      tables,
    });
    expect(none).to.equal(undefined);
    expect(diagnostics.map(({ code }) => code)).to.deep.equal(['ETL0303']);
  });

  it('maps kept pages again for a new or changed mapping only', async () => {
    const folder = demo('  id: {from: id, type: string}\n');
    const first = await compile(folder);
    const hash = first.plan?.mappings['orders']?.hash ?? '';
    const keptPages = new Map([['shop.orders', { kept: 4, dropped: 0 }]]);
    const kinds = async (mappingHashes: Map<string, string>): Promise<string[]> =>
      ((await compile(folder, { ...nothing, keptPages, mappingHashes })).plan?.steps ?? []).map(
        ({ kind }) => kind,
      );
    expect(await kinds(new Map([['orders', hash]]))).to.not.include('remap');
    expect((await kinds(new Map([['orders', 'another']])))[0]).to.equal('remap');
    expect((await kinds(new Map()))[0]).to.equal('remap');
  });

  it('points at the template or expression that cannot be read', async () => {
    const folder = demo(
      '  id: {from: id, type: string}\n  a: {template: "{{#if}", type: string}\n  b: {expr: "$sum(", type: double}\n',
    );
    const { diagnostics } = await compile(folder);
    expect(diagnostics.map(({ code, place }) => [code, place?.file, place?.line])).to.deep.equal([
      ['ETL0301', 'mappings/orders.yml', 7],
      ['ETL0302', 'mappings/orders.yml', 8],
    ]);
  });

  it('points at the cost that cannot be computed', async () => {
    const folder = demo(
      '  id: {from: id, type: string}\n',
      'budget:\n  limits:\n    - {id: points, spacing: 5/s, cost: {expr: "$sum("}}\n',
    );
    const { diagnostics } = await compile(folder);
    expect(
      diagnostics.map(({ code, summary, place }) => [code, summary, place?.file, place?.line]),
    ).to.deep.equal([
      ['ETL0302', 'the JSONata expression of the cost in shop.points cannot be read', 'sources/shop.yml', 8],
    ]);
  });

  it('quotes identifiers', async () => {
    const { plan: compiled } = await compile(
      demo('  id: {from: id, type: string}\n  select: {from: s, type: string}\n'),
    );
    const load = compiled?.steps.find((step) => step.kind === 'load');
    expect(JSON.stringify(load)).to.contain('batch.\\"select\\"');
  });
});
