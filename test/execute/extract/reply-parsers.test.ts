import { expect } from 'chai';
import fc from 'fast-check';
import { binder, limitedRequest } from '../../../engine/execute/extract/bind.ts';
import { classify } from '../../../engine/execute/extract/classify.ts';
import { costsOf, observationsOf } from '../../../engine/execute/extract/observe.ts';
import { Reply } from '../../../engine/execute/extract/reply.ts';
import { retryAfterMs } from '../../../engine/execute/extract/retry-after.ts';
import { fieldItems } from '../../../engine/execute/extract/structured-fields.ts';
import { apiNowMs, timeMs } from '../../../engine/execute/extract/times.ts';
import type * as config from '../../../engine/model/config.ts';
import { knownPath } from '../../../engine/model/path.ts';
import type { TimeFormat } from '../../../engine/model/plan.ts';
import { sourcePlan, streamPlan } from '../../support/plans.ts';

const now = Date.parse('2026-01-01T00:00:00Z');

const reply = (headers: Record<string, string>, body = '', status = 200): Reply =>
  new Reply({ status, headers, body: Buffer.from(body), elapsedMs: 1 });

/** Headers as providers send them. */
const corpus = [
  '32/40',
  '0.0167',
  '5000',
  '0',
  '-1',
  '2.0',
  '86400',
  '1767225900',
  '1767225900000',
  'Thu, 01 Jan 2026 00:00:30 GMT',
  'Thursday, 01-Jan-26 00:00:30 GMT',
  'Thu Jan  1 00:00:30 2026',
  '2026-01-01T01:00:00.000Z',
  'api-usage=10018/100000; per-app-api-usage=17/250(appName=sample)',
  'total=100; remaining=99; resets=41',
  '"burst";r=50;t=30, "day";r=900;t=3600;pk=:dHJpYWw=:',
  '"burst";q=100;w=60, "day";q=1000;w=86400;qu="requests"',
  'limit=10, remaining=2, reset=5',
  '10, 10;w=1',
  '10;w=1, 50;w=60',
  '',
  '1e9',
  'NaN',
  '∞',
  '٣٤',
];

/** One of them with a few characters taken out, put in or put elsewhere. */
const mutated = fc
  .tuple(
    fc.constantFrom(...corpus),
    fc.array(fc.tuple(fc.nat(80), fc.nat(4), fc.string({ maxLength: 6 })), { maxLength: 4 }),
  )
  .map(([text, edits]) =>
    edits.reduce(
      (edited, [at, removed, put]) => edited.slice(0, at) + put + edited.slice(at + removed),
      text,
    ),
  );
const anyText = fc.oneof(
  { weight: 4, arbitrary: mutated },
  fc.string(),
  fc.string({ unit: 'binary', maxLength: 40 }),
);

const dayMs = 86_400_000;
const formats: readonly TimeFormat[] = ['seconds', 'millis', 'epoch', 'epoch_ms', 'http_date', 'iso'];

describe('times in a reply', () => {
  const cases: readonly (readonly [unknown, TimeFormat, number | undefined])[] = [
    ['2.0', 'seconds', 2000],
    [0.25, 'seconds', 250],
    ['15000', 'millis', 15_000],
    ['1767225660', 'epoch', 60_000],
    [1767225660.5, 'epoch', 60_500],
    ['1767225660000', 'epoch_ms', 60_000],
    ['Thu, 01 Jan 2026 00:00:30 GMT', 'http_date', 30_000],
    ['Thursday, 01-Jan-26 00:00:30 GMT', 'http_date', 30_000],
    ['Thu Jan  1 00:00:30 2026', 'http_date', 30_000],
    ['2026-01-01T02:00:00+01:00', 'iso', 3_600_000],
    ['2026-01-01T00:00:00.123456789Z', 'iso', 124],
    // Past, without a zone, or in another unit than declared: nothing is guessed.
    ['1767225599', 'epoch', undefined],
    ['2026-01-01T02:00:00', 'iso', undefined],
    ['1767225660000', 'epoch', undefined],
    ['1767225660', 'seconds', undefined],
    ['1767225660', 'epoch_ms', undefined],
    ['in 5 minutes', 'http_date', undefined],
    ['5', 'http_date', undefined],
    ['-3', 'seconds', undefined],
    ['1e3', 'seconds', undefined],
    ['', 'seconds', undefined],
    [null, 'seconds', undefined],
    [true, 'epoch', undefined],
  ];
  for (const [value, as, ms] of cases) {
    it(`${JSON.stringify(value)} as ${as} is ${ms === undefined ? 'unknown' : `${ms} ms from now`}`, () => {
      expect(timeMs(value, as, now)).to.equal(ms);
    });
  }

  it('are compared with the clock of the API, where it tells', () => {
    expect(apiNowMs(reply({ date: 'Thu, 01 Jan 2026 00:01:00 GMT' }), now)).to.equal(now + 60_000);
    expect(apiNowMs(reply({ date: 'yesterday' }), now)).to.equal(now);
    expect(apiNowMs(reply({}), now)).to.equal(now);
  });

  it('are never negative, and never farther off than the longest window', () => {
    fc.assert(
      fc.property(anyText, fc.constantFrom(...formats), (text, as) => {
        const ms = timeMs(text, as, now);
        if (ms !== undefined) expect(ms).to.be.within(1, 32 * dayMs);
      }),
      { numRuns: 3000 },
    );
  });

  it('are never shorter than a second nor longer than a day as Retry-After', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const ms = retryAfterMs(text, now);
        if (ms !== undefined) expect(ms).to.be.within(1000, dayMs);
      }),
      { numRuns: 3000 },
    );
  });
});

describe('structured fields', () => {
  it('are read with quotes, parameters, tokens and bytes', () => {
    const items = fieldItems('"a\\"b";r=5;on, token/x;q="1;2";pk=:aGk=: , 10;w=1').map((item) => ({
      ...item,
      parameters: Object.fromEntries(item.parameters),
    }));
    expect(items).to.deep.equal([
      { name: 'a"b', parameters: { r: '5', on: '?1' } },
      { name: 'token/x', parameters: { q: '1;2', pk: 'aGk=' } },
      { name: '10', parameters: { w: '1' } },
    ]);
  });

  it('say nothing when they are cut off, or too long', () => {
    expect(fieldItems('"burst";r=50, "da')).to.deep.equal([]);
    expect(fieldItems('"burst";r=50;;')).to.deep.equal([]);
    expect(fieldItems('a, '.repeat(10_000))).to.deep.equal([]);
  });

  it('take time in proportion to their length', () => {
    const started = process.cpuUsage().user;
    for (const part of ['"', ';a', '"\\', ' ', ',', ':', 'a=', '";r=1, "'])
      fieldItems(part.repeat(8000 / part.length));
    expect((process.cpuUsage().user - started) / 1000).to.be.below(500);
  });
});

describe('a reply', () => {
  it('has every value that a path with stars leads to', () => {
    const body =
      '\uFEFF {"errors": [{"code": 1}, {"code": 2}, null, 3], "by": {"a": {"n": 4}, "b": {"n": 5}}}';
    expect(reply({}, body).bodyValues(knownPath('errors[*].code'))).to.deep.equal([1, 2]);
    expect(reply({}, body).bodyValues(knownPath('errors[1].code'))).to.deep.equal([2]);
    expect(reply({}, body).bodyValues(knownPath('by.*.n'))).to.deep.equal([4, 5]);
    expect(reply({}, body).bodyValues(knownPath('constructor.name'))).to.deep.equal([]);
  });

  it('has no values when it is no JSON', () => {
    for (const body of ['', '<html>', '{"errors": [', '"text"', '12', '[1'])
      expect(reply({}, body).bodyValues(knownPath('[0]')), body).to.deep.equal([]);
  });
});

const everything: Partial<config.Source> = {
  budget: {
    limits: [
      {
        id: 'rest',
        bucket: { rate: '2/s', burst: 40 },
        key: ['{query.a}', '{header.h}', '{path}'],
        observe: {
          header: 'one',
          match: '(?<used>\\S+)/(?<limit>\\S+)(?:;\\s*resets?=(?<reset>.*))?',
          as: 'seconds',
        },
      },
      { id: 'burst', sliding: { limit: 10, per: '1s' } },
      { id: 'named', fixed: { limit: 10, per: 'day' }, observe: { policy: 'day' } },
      {
        id: 'values',
        bucket: { rate: '2/s', burst: 40 },
        cost: { actual: { body: 'a.cost' } },
        observe: {
          used: { header: 'one' },
          limit: { header: 'two' },
          remaining: { body: 'a[*]' },
          rate: { body: 'a.*' },
          reset: { header: 'two', as: 'epoch' },
        },
      },
    ],
  },
  responses: [
    { when: { header: { one: '0' } }, class: 'throttle' },
    { when: { body: { 'a[*].b': 'x' } }, class: 'quota' },
    { when: { bodyMatches: 'limit|quota' }, class: 'ban' },
  ],
};

describe('whatever an API answers', () => {
  const { budget, responses } = sourcePlan(everything);
  const bind = binder(budget);
  const names = ['one', 'two', 'date', 'retry-after', 'ratelimit', 'ratelimit-policy', 'ratelimit-limit'];
  const headers = fc.dictionary(
    fc.constantFrom(...names, 'ratelimit-remaining', 'ratelimit-reset', '__proto__'),
    anyText,
  );
  const json = fc.oneof(
    fc.json(),
    fc
      .record({ a: fc.oneof(fc.json(), fc.array(anyText), fc.dictionary(fc.string(), fc.double())) })
      .map((value) => JSON.stringify(value)),
    anyText,
  );

  /** Every number that is read of a reply to a request in which `text` stands everywhere. */
  async function understood(said: Record<string, string>, body: string, status: number, text: string) {
    const query = new URLSearchParams({ a: text });
    const url = `https://api.example/v1/${query}?${query}`;
    const request = { method: 'GET', url, headers: { H: text } } as const;
    const bound = await bind(limitedRequest(request, 'https://api.example/v1', streamPlan()));
    const answer = reply(said, body, status);
    expect(classify(responses, answer).class).to.be.a('string');
    const observations = observationsOf(bound, answer, now);
    const read = observations.map(({ limit: _limit, partition: _partition, ...values }) => values);
    expect(read).not.to.deep.include({});
    return [costsOf(bound, answer), ...read].flatMap((values) => Object.entries(values));
  }

  it('nothing is thrown, and what is understood is a number that can be counted with', async () => {
    const status = fc.integer({ min: 100, max: 599 });
    let numbers = 0;
    await fc.assert(
      fc.asyncProperty(headers, json, status, anyText, async (...parts) => {
        for (const [name, value] of await understood(...parts)) {
          expect(value, name).to.be.within(0, name === 'resetMs' ? 32 * dayMs : 1e12);
          numbers += 1;
        }
      }),
      { numRuns: 2000 },
    );
    expect(numbers, 'enough of it is understood for the test to mean something').to.be.above(200);
  });
});
