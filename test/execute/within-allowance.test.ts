import { expect } from 'chai';
import { withinAllowance } from '../../engine/execute/within-allowance.ts';
import type { PlanEstimate } from '../../engine/model/estimate.ts';
import type { ExtractStep } from '../../engine/model/plan.ts';
import type { Position } from '../../engine/model/ports.ts';
import type { RunReport } from '../../engine/model/run-report.ts';
import { allowedOver, beyondAllowed, least } from '../../engine/operations/estimate/allowed-over.ts';
import { runExitCode } from '../../engine/report/exit-code.ts';
import { streamPlan } from '../support/plans.ts';

const estimate = (requests: number | undefined, kind = 'whole'): PlanEstimate =>
  ({
    streams: [
      { stream: 'shop.orders', window: { kind }, ...(requests !== undefined && { expected: { requests } }) },
    ],
    quotas: [],
  }) as unknown as PlanEstimate;

const step = {
  kind: 'extract',
  id: 'extract shop.orders',
  reason: '',
  stream: streamPlan(),
  mappings: [],
} as ExtractStep;
const open = { startedAt: '', pages: 15, next: { method: 'GET', url: '/', headers: {} } } as const;

/** Reads a stream of so many pages under a saved plan that expected so many. */
async function readUnder(expected: number | undefined, allowOver: number, pages: number) {
  const allowances = allowedOver({ estimate: estimate(expected), allowOver });
  let position: Position = {};
  let read = 0;
  const services = { allowances, staging: { position: async () => position } };
  const found = await withinAllowance(
    step,
    services as never,
    async ({ pagesMax = Number.POSITIVE_INFINITY }) => {
      read = Math.min(pages, pagesMax);
      position = read < pages ? { open } : { cursor: 'end' };
      return [];
    },
  );
  return { read, codes: found.map(({ code, severity }) => `${code} ${severity}`), found };
}

describe('what a saved plan allows', () => {
  it('stops a stream between two pages once it has read so much more than was expected', async () => {
    const { read, codes, found } = await readUnder(10, 0.5, 40);
    expect(read).to.equal(15);
    expect(codes).to.deep.equal(['ETL0336 error']);
    expect(found[0]?.help.join(' ')).to.contain(
      'expected about 10 requests for its pages, and allows 50 % more: 15',
    );
  });

  it('lets a stream end that needs as much, to the page', async () => {
    expect(await readUnder(100, 0.1, 110))
      .to.include({ read: 110 })
      .and.deep.include({ codes: [] });
    expect((await readUnder(100, 0.1, 111)).codes).to.deep.equal(['ETL0336 error']);
  });

  it('lets a stream of few pages have a few more', async () => {
    expect((await readUnder(1, 0.5, 6)).codes).to.deep.equal([]);
    expect((await readUnder(1, 0.5, 7)).codes).to.deep.equal(['ETL0336 error']);
  });

  it('stops nothing of which it expected nothing', async () => {
    expect(await readUnder(undefined, 0, 5000)).to.include({ read: 5000 });
  });

  it('refuses before the first request where that much is known to be needed', () => {
    const allowed = allowedOver({ estimate: estimate(10), allowOver: 0.5 });
    expect(beyondAllowed(estimate(15), allowed)).to.deep.equal([]);
    expect(beyondAllowed(estimate(16), allowed).map(({ code }) => code)).to.deep.equal(['ETL0336']);
    expect(beyondAllowed(estimate(undefined), allowed)).to.deep.equal([]);
    // What has changed since a cursor is only expected.
    expect(beyondAllowed(estimate(16, 'cursor'), allowed)).to.deep.equal([]);
  });

  it('is less than a quota, or the quota is', () => {
    const allowed = allowedOver({ estimate: estimate(10), allowOver: 0.5 });
    const quota = (pages: number) =>
      new Map([['shop.orders', { kind: 'quota', pages, quota: 'daily', resetsAt: '' } as const]]);
    expect(least(quota(3), allowed).get('shop.orders')?.kind).to.equal('quota');
    expect(least(quota(30), allowed).get('shop.orders')?.kind).to.equal('estimate');
  });

  it('exits with 4 where nothing else went wrong', () => {
    const report = (...codes: readonly string[]): RunReport =>
      ({
        status: 'failed',
        diagnostics: codes.map((code) => ({ code, severity: 'error' })),
      }) as unknown as RunReport;
    expect(runExitCode(report('ETL0336'), undefined)).to.equal(4);
    expect(runExitCode(report('ETL0336', 'ETL0610'), undefined)).to.equal(1);
  });
});
