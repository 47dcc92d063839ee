import { createHash } from 'node:crypto';
import { expect } from 'chai';
import { compileReader, type ParsedPage } from '../../../engine/execute/map/read-page.ts';
import type { PageFailure } from '../../../engine/model/batch.ts';
import { knownPath } from '../../../engine/model/path.ts';
import type { CursorPlan, StreamPlan } from '../../../engine/model/plan.ts';
import { bytes, stream } from '../../support/mappings.ts';

const read = (body: unknown, more: Partial<StreamPlan> = {}, from?: string): ParsedPage | PageFailure =>
  compileReader(stream(more))(
    body instanceof Uint8Array ? body : bytes(body),
    from === undefined ? {} : { from },
  );

const factsOf = (body: unknown, more: Partial<StreamPlan> = {}, from?: string): ParsedPage['facts'] => {
  const page = read(body, more, from);
  if ('transient' in page) throw new Error(`${page.code}: ${page.summary}`);
  return page.facts;
};

const failureOf = (body: unknown, more: Partial<StreamPlan> = {}): PageFailure & { readonly all: string } => {
  const page = read(body, more);
  if (!('transient' in page)) throw new Error('the page was read');
  return { ...page, all: [page.summary, ...page.help].join('\n') };
};

const cursor = (more: Partial<CursorPlan> = {}): { readonly cursor: CursorPlan } => ({
  cursor: {
    field: knownPath('at'),
    type: 'timestamp',
    format: 'iso',
    lookbackMs: 0,
    ends: false,
    ...more,
  },
});

describe('a page that is read', () => {
  it('tells how many records it has and its hash', () => {
    const body = '\uFEFF{"orders":[{"id":1},{"id":2}]}';
    expect(factsOf(body)).to.deep.equal({
      records: 2,
      outside: 0,
      bodyHash: createHash('sha256').update(body).digest('hex'),
    });
    expect(factsOf('[]', { records: knownPath('') }).records).to.equal(0);
  });

  for (const [value, next] of [
    ['"abc"', 'abc'],
    ['5', '5'],
    ['9007199254740993', '9007199254740993'],
    ['0', '0'],
    ['null', undefined],
    ['""', undefined],
    ['false', undefined],
  ] as const) {
    it(`has ${next === undefined ? 'no next page' : `the next token ${next}`} for ${value}`, () => {
      const body = `{"orders":[],"meta":{"next":${value}}}`;
      const path = knownPath('meta.next');
      expect(factsOf(body, { paginate: { type: 'next_url', path } }).next).to.equal(next);
      expect(
        factsOf(body, { paginate: { type: 'cursor_token', tokens: [{ name: 'p', from: { path } }] } }).tokens,
      ).to.deep.equal(next === undefined ? undefined : { p: next });
    });
  }

  it('has the records of several lists, each with the name of its own, and drops those behind the window', () => {
    const lists = [
      { name: 'orders', path: knownPath('data.orders') },
      { name: 'returns', path: knownPath('data.returns') },
    ];
    const record = (id: number, minute: number): object => ({ id, at: `2026-01-01T00:0${minute}:00Z` });
    const body = { data: { orders: [record(1, 1), record(2, 5)], returns: [record(3, 2)] } };
    const reader = compileReader(stream({ lists, ...cursor() }));
    const page = reader(bytes(body), { to: '2026-01-01T00:05:00.000000Z' });
    if ('transient' in page) throw new Error(page.summary);
    expect(page.records.map((one) => [one['id'], one['_list']])).to.deep.equal([
      [1, 'orders'],
      [3, 'returns'],
    ]);
    expect(page.facts).to.include({ records: 3, beyond: 1 });
    expect(JSON.stringify(page.response)).to.not.contain('"id":2');
    expect(factsOf({ data: { returns: [record(4, 1)] } }, { lists }).records).to.equal(1);
    expect(failureOf({ data: {} }, { lists }).summary).to.contain('shop.orders');
    expect(failureOf({ data: { orders: [1] } }, { lists }).code).to.equal('ETL0508');
  });

  it('has no next page when the token is missing', () => {
    expect(
      factsOf({ orders: [] }, { paginate: { type: 'next_url', path: knownPath('meta.next') } }),
    ).not.to.have.property('next');
  });

  for (const value of ['{"a":1}', '[1]', 'true']) {
    it(`fails for the token ${value}, since stopping would lose pages`, () => {
      const failure = failureOf(`{"orders":[],"next":${value}}`, {
        paginate: { type: 'next_url', path: knownPath('next') },
      });
      expect(failure.code).to.equal('ETL0511');
    });
  }

  for (const [value, total] of [
    ['12', 12],
    ['"12"', 12],
    ['-1', undefined],
    ['"many"', undefined],
    ['1.5', undefined],
    ['null', undefined],
  ] as const) {
    it(`has the total ${total} for ${value}`, () => {
      const paginate = { type: 'page', param: 'page', start: 1, total: knownPath('n') } as const;
      expect(factsOf(`{"orders":[],"n":${value}}`, { paginate }).total).to.equal(total);
    });
  }

  it('has the greatest cursor, and counts what lies before the window', () => {
    const body = {
      orders: [
        { at: '2026-01-02T00:00:00+02:00' },
        { at: '2026-01-01T23:00:00.5Z' },
        { at: '2025-12-31T00:00:00Z' },
      ],
    };
    expect(factsOf(body, cursor(), '2026-01-01T22:00:00.000000Z')).to.deep.include({
      cursorMax: '2026-01-01T23:00:00.500000Z',
      outside: 1,
    });
    expect(factsOf(body, cursor()).outside).to.equal(0);
    expect(factsOf({ orders: [] }, cursor())).not.to.have.property('cursorMax');
  });

  it('reads cursors that are numbers', () => {
    const epoch = { orders: [{ at: 1_769_847_300 }, { at: '1769847301' }, { at: '2026-01-31T08:15:00Z' }] };
    expect(factsOf(epoch, cursor({ format: 'epoch' })).cursorMax).to.equal('2026-01-31T08:15:01.000000Z');
    const integers = factsOf(
      '{"orders":[{"at":-5},{"at":9007199254740993},{"at":"12"}]}',
      cursor({ type: 'integer' }),
    );
    expect(integers.cursorMax).to.equal(`1${'9007199254740993'.padStart(40, '0')}`);
    expect(factsOf({ orders: [{ at: 'a' }, { at: 'b' }] }, cursor({ type: 'string' })).cursorMax).to.equal(
      'b',
    );
  });

  for (const value of [
    'null',
    '""',
    '"soon"',
    '"2026-01-01T00:00:00"',
    '5',
    '{"iso":"2026-01-01T00:00:00Z"}',
  ]) {
    it(`fails for a record with the cursor ${value}`, () => {
      const failure = failureOf(`{"orders":[{"at":"2026-01-01T00:00:00Z"},{"at":${value}}]}`, cursor());
      expect([failure.code, failure.transient]).to.deep.equal(['ETL0510', false]);
      expect(failure.summary).to.contain('record 1').and.to.contain('`at`');
      expect(failure.all).not.to.contain('soon');
    });
  }
});

describe('a page that cannot be read', () => {
  const html = '<!DOCTYPE html><html><head><title>Sign in</title></head><body>';
  const cases: readonly (readonly [string, unknown, string, boolean, string])[] = [
    ['is empty', '', 'ETL0501', true, 'empty'],
    ['is blank', ' \n', 'ETL0501', true, 'empty'],
    ['is an HTML page', html, 'ETL0502', false, 'login page'],
    ['is a page with a title', html, 'ETL0502', false, '"Sign in"'],
    ['is XML', '<?xml version="1.0"?><e/>', 'ETL0502', false, 'XML'],
    ['is cut in a string', '{"orders":[{"id":"secret', 'ETL0503', true, 'ends in the middle'],
    ['is cut behind a number', '{"orders":[{"id":12', 'ETL0503', true, 'ends in the middle'],
    ['is cut in a word', '{"orders":[tru', 'ETL0503', true, 'ends in the middle'],
    ['has a comma too many', '{"orders":[{"id":"secret"},]}', 'ETL0504', false, 'line 1, column 28'],
    ['is a text', 'Rate limit exceeded', 'ETL0504', false, '"Rate limit exceeded"'],
    ['is lines of JSON', '{"id":1}\n{"id":2}', 'ETL0504', false, 'line 2, column 1'],
    ['is not UTF-8', Buffer.from('{"a":"\u00e9"}', 'latin1'), 'ETL0505', false, 'UTF-8'],
    ['holds no such key', { data: { orders: [] }, meta: 1 }, 'ETL0506', false, 'the keys data, meta'],
    ['holds null there', { orders: null }, 'ETL0506', false, 'found null'],
    ['holds an object there', { orders: { id: 'secret' } }, 'ETL0506', false, 'found an object'],
    ['is a number', '5', 'ETL0506', false, 'The response is a number'],
    ['is null', 'null', 'ETL0506', false, 'The response is null'],
    ['is an array', [{ id: 1 }], 'ETL0506', false, 'The response is an array'],
    [
      'is an error',
      { error: { code: 7, why: 'bad key' } },
      'ETL0507',
      false,
      '{"error":{"code":7,"why":"bad key"}}',
    ],
    ['is a list of errors', { errors: ['x'.repeat(400)], data: null }, 'ETL0507', false, '"errors":["xxx'],
    [
      'holds a number for a record',
      { orders: [{ id: 1 }, 5] },
      'ETL0508',
      false,
      'record 1 of the page is a number',
    ],
    ['holds a null for a record', { orders: [null] }, 'ETL0508', false, 'record 0 of the page is null'],
    ['holds a list for a record', { orders: [[1]] }, 'ETL0508', false, 'is an array'],
    ['holds a long number for a record', '{"orders":[9007199254740993]}', 'ETL0508', false, 'is a number'],
  ];
  for (const [what, body, code, transient, part] of cases) {
    it(`since it ${what} says so`, () => {
      const failure = failureOf(body);
      expect([failure.code, failure.transient]).to.deep.equal([code, transient]);
      expect(failure.all).to.contain(part);
      expect(failure.summary).to.match(/^shop\.orders: /);
      expect(failure.all).not.to.contain('secret');
    });
  }

  it('keeps its message short', () => {
    expect(failureOf('x'.repeat(100_000)).all.length).to.be.lessThan(600);
    expect(failureOf({ error: 'x'.repeat(100_000) }).all.length).to.be.lessThan(600);
    const keys = Object.fromEntries(Array.from({ length: 5000 }, (_, at) => [`${'k'.repeat(500)}${at}`, 1]));
    expect(failureOf(keys).all.length).to.be.lessThan(900);
  });

  it('since it nests without end says so, instead of crashing', () => {
    const deep = '['.repeat(200_000);
    expect(
      failureOf(`{"orders":[{"id":9007199254740993,"a":${deep}${deep.replaceAll('[', ']')}}]}`).code,
    ).to.equal('ETL0513');
  });
});
