import { expect } from 'chai';
import { stage } from '../../../engine/execute/stage/stage.ts';
import type { ReceivedPage } from '../../../engine/model/batch.ts';
import { complaint, TerminalError } from '../../../engine/model/errors.ts';
import type { StagedPage, Staging } from '../../../engine/model/ports.ts';
import { stream } from '../../support/mappings.ts';

const request = { method: 'GET', url: '/orders', headers: {} } as const;

async function after<T>(turns: number, value: T): Promise<T> {
  for (let turn = 0; turn < turns; turn += 1) await new Promise(setImmediate);
  return value;
}

const page = (id: number): ReceivedPage => ({
  id,
  request,
  status: 200,
  headers: {},
  number: id,
  startedAt: '2026-01-01T00:00:00.000000Z',
  facts: { records: 1, bodyHash: `${id}`, outside: 0 },
  next: request,
  // Pages are mapped one after the other, so that others are in flight while one is committed.
  mapped: after(id, { body: new Uint8Array(), rows: [] }),
});

async function* pages(count: number): AsyncGenerator<ReceivedPage> {
  for (let id = 1; id <= count; id += 1) yield page(id);
}

/** Stages ten pages where one commit fails, and gives the pages that were committed. */
async function staged(
  failing: number,
): Promise<{ readonly kept: readonly number[]; readonly error: unknown }> {
  const kept: number[] = [];
  let commits = 0;
  const commit = async (_stream: unknown, committed: readonly StagedPage[]): Promise<void> => {
    commits += 1;
    if (commits === failing) throw new TerminalError(complaint('ETL0602', 'there is no space left'));
    kept.push(...committed.map(({ id }) => id));
  };
  const staging = { commit } as Partial<Staging> as Staging;
  const services = { staging, run: 'r', committed: () => {}, abandon: () => {} };
  const error = await stage(stream(), pages(10), {}, services).catch((failure: unknown) => failure);
  return { kept, error };
}

describe('staging pages in order', () => {
  it('commits all of them', async () => {
    expect((await staged(0)).kept).to.deep.equal([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });

  it('commits none behind those that could not be: the position would pass what is lost', async () => {
    for (const failing of [1, 2]) {
      const { kept, error } = await staged(failing);
      expect(error).to.be.instanceOf(TerminalError);
      expect(kept).to.deep.equal([1, 2, 3, 4, 5, 6, 7, 8, 9, 10].slice(0, kept.length));
      expect(kept.length).to.be.below(10);
    }
  });
});
