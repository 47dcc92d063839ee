import { expect } from 'chai';
import type { TerminalError } from '../../engine/model/errors.ts';
import type { RecordedExchange, Recording } from '../../engine/model/recording.ts';
import { recordedHttpClient } from '../../engine/services/recorded-http-client.ts';

const exchange = (
  number: number,
  target: string,
  more: Partial<RecordedExchange> = {},
): RecordedExchange => ({
  file: `recordings/shop.orders/000${number}.yml`,
  method: 'GET',
  target,
  status: 200,
  headers: {},
  body: `{"page": ${number}}`,
  ...more,
});

const recording = (...exchanges: RecordedExchange[]): Recording => ({
  format: 1,
  stream: 'shop.orders',
  recordedAt: '2026-01-01T00:00:00.000Z',
  engine: '1',
  from: 'api',
  baseUrl: 'https://api.shop.example/v1',
  exchanges,
});

const options = {} as never;
const get = (url: string) => ({ method: 'GET', url, headers: {} }) as const;

describe('an HTTP client of recordings', () => {
  it('answers as was recorded, whatever the order of parameters', async () => {
    const client = recordedHttpClient([recording(exchange(1, '/orders?a=1&b=2'))]);
    const { body } = await client.send(get('https://api.shop.example/v1/orders?b=2&a=1'), options);
    expect(Buffer.from(body).toString()).to.equal('{"page": 1}');
  });

  it('takes a parameter that held a secret for none', async () => {
    const client = recordedHttpClient([recording(exchange(1, '/orders?a=1'))]);
    const url = 'https://api.shop.example/v1/orders?a=1&api_key=***';
    expect((await client.send(get(url), options)).status).to.equal(200);
  });

  it('names what is not recorded, the closest that is, and how they differ', async () => {
    const client = recordedHttpClient([
      recording(exchange(1, '/orders?limit=50'), exchange(2, '/orders?limit=50&page=2')),
    ]);
    const failure = await client
      .send(get('https://api.shop.example/v1/orders?limit=50&page=3'), options)
      .then(
        () => undefined,
        (error: TerminalError) => error.diagnostic,
      );
    expect(failure?.summary).to.equal('GET /v1/orders?limit=50&page=3 was asked for and is not recorded');
    expect(failure?.help).to.deep.equal([
      'The closest that is recorded: GET /v1/orders?limit=50&page=2 (recordings/shop.orders/0002.yml).',
      '`page`: asked 3, recorded 2.',
      'If the stream is meant to ask so, record it again: `etl record shop.orders --force`.',
    ]);
  });

  it('tells what nobody asked for, but for pages that the recorder made up', async () => {
    const client = recordedHttpClient([
      recording(exchange(1, '/orders'), exchange(2, '/orders?page=2'), exchange(3, '/x', { ending: true })),
    ]);
    await client.send(get('https://api.shop.example/v1/orders'), options);
    expect(client.unasked().map(({ file }) => file)).to.deep.equal(['recordings/shop.orders/0002.yml']);
  });
});
