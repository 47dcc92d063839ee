import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { WorkerPool } from '../../engine/execute/worker-pool.ts';
import type { MappedPage } from '../../engine/model/batch.ts';
import { mapping, property, stream } from '../support/mappings.ts';

const program = 'shop.orders';
const orders = stream({ records: { root: 'record', segments: [] } });

/** A page of one order of about so many bytes. */
const pageOf = (bytes: number, id = 'o1'): Buffer =>
  Buffer.from(JSON.stringify([{ id, total: 12, note: 'x'.repeat(bytes) }]));

describe('pages of a run', function () {
  this.timeout(60_000);
  let threads = 0;
  const count = (): void => {
    threads += 1;
  };
  let pool: WorkerPool;

  before(() => process.on('worker', count));
  after(() => process.off('worker', count));

  beforeEach(() => {
    threads = 0;
    const mappings = [mapping([property('id'), property('total', 'decimal(18,2)')])];
    pool = new WorkerPool({ programs: [{ id: program, stream: orders, mappings }] }, 2);
  });
  afterEach(() => pool.close());

  const mapped = (body: Uint8Array): Promise<MappedPage> => pool.map({ program, page: 1, body }).mapped;

  it('are mapped without another thread while there are few, which costs more than they do', async () => {
    const pages = await Promise.all([1, 2, 3].map((n) => mapped(pageOf(1000, `o${n}`))));
    const ids = pages.map(({ rows }) => rows[0]?.values.find((value) => /^o\d$/.test(String(value))));
    expect(ids).to.deep.equal(['o1', 'o2', 'o3']);
    expect(threads).to.equal(0);
  });

  it('get a thread where there are many', async () => {
    for (let n = 0; n < 6; n += 1) await mapped(pageOf(200_000));
    expect(threads).to.equal(1);
  });

  it('get a thread where one is large, or packed, so that nobody knows how large it is', async () => {
    await mapped(pageOf(300_000));
    expect(threads).to.equal(1);
    await mapped(gzipSync(pageOf(10)));
    expect(threads).to.equal(1);
    await pool.close();
    pool = new WorkerPool({ programs: [{ id: program, stream: orders, mappings: [] }] }, 1);
    await mapped(gzipSync(pageOf(10)));
    expect(threads).to.equal(2);
  });

  it('become the same in a thread and without', async () => {
    const here = await mapped(pageOf(1000));
    await mapped(pageOf(300_000));
    for (let n = 0; n < 5; n += 1) await mapped(pageOf(250_000));
    const there = await mapped(pageOf(1000));
    expect(threads).to.equal(1);
    expect(here).to.deep.equal(there);
    expect(here.body.constructor).to.equal(Uint8Array);
  });

  it('fail with the same words in a thread and without', async () => {
    const failureOf = (body: Uint8Array) =>
      mapped(body).catch((error: { readonly diagnostic: object }) => error.diagnostic);
    const here = await failureOf(Buffer.from('[{"id": 1,'));
    const there = await failureOf(Buffer.from(`[{"id": 1,${' '.repeat(300_000)}`));
    expect(threads).to.equal(1);
    expect(here).to.include({ code: 'ETL0503' });
    expect((there as { code: string }).code).to.equal('ETL0503');
  });
});
