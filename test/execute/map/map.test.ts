import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { compileStream } from '../../../engine/execute/map/map.ts';
import type { MappedPage } from '../../../engine/model/batch.ts';
import { knownPath } from '../../../engine/model/path.ts';
import {
  bytes,
  keptBody,
  mapBody,
  mapping,
  piiKey,
  privacy,
  property,
  stream,
} from '../../support/mappings.ts';

describe('a stream mapper', () => {
  it('keeps the response byte for byte when nothing is private', async () => {
    const body = '\uFEFF{ "orders" : [ {"id": 1.0, "id2":9007199254740993} ] }\n';
    expect(keptBody(await mapBody(body, mapping([property('id')])))).to.equal(body);
  });

  it('keeps the rest of a private response, long numbers included', async () => {
    const body = '{"orders":[{"id":9007199254740993,"note":"x"}],"next":1}';
    const page = await mapBody(
      body,
      mapping([property('id')]),
      stream({ privacy: [privacy('note', 'drop')] }),
    );
    expect(keptBody(page)).to.equal('{"orders":[{"id":9007199254740993}],"next":1}');
  });

  it('makes the same rows of a page and of what was kept of it', async () => {
    const plans = [
      mapping([property('id', 'integer'), property('email'), property('total', 'decimal(20,2)')]),
      mapping([property('tags', 'json')], { name: 'tags' }),
    ];
    const cursor = {
      field: knownPath('at'),
      type: 'timestamp',
      format: 'iso',
      lookbackMs: 0,
      ends: false,
    } as const;
    const private_ = stream({
      cursor,
      privacy: [privacy('email', 'hmac', { name: 'lower' }), privacy('note', 'drop')],
    });
    const mapper = compileStream(private_, plans, piiKey);
    const body =
      '{"orders":[{"id":9007199254740993,"email":"A@x","total":12.5,"tags":[1,2],"at":"2026-01-01T00:00:00Z"},{"id":2,"email":"","total":"x","at":"2026-01-01T00:00:00Z"}]}';
    const parsed = mapper.read(bytes(body), {});
    if ('transient' in parsed) throw new Error(parsed.summary);
    const mapped = (await mapper.map(parsed, { page: 3 })) as MappedPage;
    const again = await mapper.remap(mapped.body, { page: 3 });
    expect(again).to.deep.equal(mapped.rows);
    expect(
      mapped.rows.map(({ mapping: name, count, blocked }) => [name, count, blocked.length]),
    ).to.deep.equal([
      ['orders', 1, 1],
      ['tags', 2, 0],
    ]);
  });

  it('tokenises personal data of a kept page that is older than the rule', async () => {
    const body = gzipSync(bytes({ orders: [{ id: 1, email: 'ada@x.org' }] }));
    const mapper = compileStream(
      stream({ privacy: [privacy('email', 'hmac')] }),
      [mapping([property('email')])],
      piiKey,
    );
    expect(JSON.stringify(await mapper.remap(body, { page: 1 }))).not.to.contain('ada@x.org');
  });

  it('gives the facts before any row is made', () => {
    const mapper = compileStream(
      stream({ paginate: { type: 'next_url', path: knownPath('next') } }),
      [],
      undefined,
    );
    const parsed = mapper.read(bytes({ orders: [{ id: 1 }], next: '/2' }), {});
    expect('facts' in parsed && parsed.facts).to.include({ records: 1, next: '/2', outside: 0 });
  });

  it('returns failures of reading and of mapping', async () => {
    const mapper = compileStream(stream(), [mapping([property('id')])], undefined);
    expect(mapper.read(bytes(''), {})).to.include({ code: 'ETL0501', transient: true });
    expect(await mapper.remap(gzipSync(bytes('{"orders":[{}]}')), { page: 1 })).to.include({
      code: 'ETL0509',
    });
    expect(await mapper.remap(bytes('no gzip'), { page: 1 })).to.include({ code: 'ETL0540' });
  });

  it('fails a private page that nests without end, and keeps the row of one that is not aside', async () => {
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
    const body = `{"orders":[{"id":1,"a":${deep}}]}`;
    const plan = mapping([property('a', 'json')]);
    expect(await mapBody(body, plan, stream({ privacy: [privacy('b', 'drop')] }))).to.include({
      code: 'ETL0513',
    });
    const page = await mapBody(body, plan);
    expect('rows' in page && page.rows[0]?.blocked[0]).to.deep.include({ code: 'ETL0522', property: 'a' });
  });

  it('takes no mappings for a page that is only kept', async () => {
    const mapper = compileStream(stream(), [], undefined);
    const parsed = mapper.read(bytes({ orders: [{ id: 1 }] }), {});
    const mapped = 'transient' in parsed ? parsed : await mapper.map(parsed, { page: 1 });
    expect('rows' in mapped && mapped.rows).to.deep.equal([]);
  });
});
