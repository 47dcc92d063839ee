import { expect } from 'chai';
import { Lookahead } from '../../../engine/execute/extract/lookahead.ts';
import type { ApiRequest, ApiResponse } from '../../../engine/model/batch.ts';

const request = (page: number): ApiRequest => ({
  method: 'GET',
  url: `https://shop.example/orders?page=${page}`,
  headers: {},
});

const response: ApiResponse = { status: 200, headers: {}, body: new Uint8Array(), elapsedMs: 1 };

/** Sends nothing: the test says when a response comes, and when it is read. */
class Wire {
  readonly asked: string[] = [];
  readonly #arrivals = new Map<string, () => void>();
  readonly #reads = new Map<string, (page: string) => void>();

  readonly send = (asked: ApiRequest, arrived: (response: ApiResponse) => void): Promise<string> => {
    this.asked.push(asked.url.slice(-1));
    this.#arrivals.set(asked.url, () => arrived(response));
    return new Promise((resolve) => {
      this.#reads.set(asked.url, resolve);
    });
  };

  arrive(page: number): void {
    this.#arrivals.get(request(page).url)?.();
  }

  read(page: number): void {
    this.#reads.get(request(page).url)?.(`page ${page}`);
  }
}

const followedBy = (page: number) => () => request(page);

describe('looking ahead', () => {
  let wire: Wire;
  let lookahead: Lookahead<string>;

  beforeEach(() => {
    wire = new Wire();
    lookahead = new Lookahead(wire.send);
  });

  it('asks for the next page when the one at hand has arrived, and not before', async () => {
    const first = lookahead.fetch(request(1), followedBy(2));
    expect(wire.asked).to.deep.equal(['1']);
    wire.arrive(1);
    expect(wire.asked).to.deep.equal(['1', '2']);
    wire.read(1);
    expect(await first).to.equal('page 1');
  });

  it('takes the page that is ahead, and only then asks for the one after it', async () => {
    void lookahead.fetch(request(1), followedBy(2));
    wire.arrive(1);
    wire.arrive(2);
    expect(wire.asked).to.deep.equal(['1', '2']);
    const second = lookahead.fetch(request(2), followedBy(3));
    expect(wire.asked).to.deep.equal(['1', '2', '3']);
    wire.read(2);
    expect(await second).to.equal('page 2');
  });

  it('asks for what is wanted when that is not what was ahead', () => {
    void lookahead.fetch(request(1), followedBy(2));
    wire.arrive(1);
    void lookahead.fetch(request(7), followedBy(8));
    expect(wire.asked).to.deep.equal(['1', '2', '7']);
  });

  it('asks again for what follows a response that is asked for again', () => {
    void lookahead.fetch(request(1), followedBy(2));
    wire.arrive(1);
    wire.arrive(1);
    expect(wire.asked).to.deep.equal(['1', '2', '2']);
  });

  it('looks no further where nothing follows, and where nothing tells', () => {
    void lookahead.fetch(request(1), () => undefined);
    wire.arrive(1);
    void lookahead.fetch(request(2), undefined);
    wire.arrive(2);
    expect(wire.asked).to.deep.equal(['1', '2']);
  });

  it('gives the failure of a page that was ahead to who asks for it', async () => {
    const failing = new Lookahead<string>((asked, arrived) => {
      arrived(response);
      return asked.url === request(2).url ? Promise.reject(new Error('cut')) : Promise.resolve('page');
    });
    await failing.fetch(request(1), followedBy(2));
    const failure = await failing.fetch(request(2), undefined).catch((error: unknown) => error);
    expect(String(failure)).to.equal('Error: cut');
  });
});
