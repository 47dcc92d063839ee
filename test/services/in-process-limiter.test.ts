import { expect } from 'chai';
import fc from 'fast-check';
import type { BudgetPlan, LimitPlan } from '../../engine/model/plan.ts';
import { InProcessLimiter } from '../../engine/services/limiter/in-process-limiter.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

const limit = (id: string, intervalMs: number, burst: number, path?: string): LimitPlan => ({
  id,
  declared: '',
  intervalUs: intervalMs * 1000,
  burst,
  ...(path !== undefined && { path }),
});
const budget = (...limits: LimitPlan[]): BudgetPlan => ({ domain: 'shop', limits });

interface Sent {
  readonly stream: string;
  readonly path: string;
  readonly atMs: number;
}

/** An independent checker: a bucket that drips continuously and must never hold more than its burst. */
function overflows(sent: readonly Sent[], { intervalUs, burst, path }: LimitPlan): number {
  const matching = sent.filter((one) => path === undefined || one.path.startsWith(path.replace('*', '')));
  let level = 0;
  let lastMs = matching[0]?.atMs ?? 0;
  let count = 0;
  for (const { atMs } of matching) {
    level = Math.max(0, level - ((atMs - lastMs) * 1000) / intervalUs) + 1;
    lastMs = atMs;
    if (level > burst + 1e-6) count += 1;
  }
  return count;
}

async function drive(
  limits: readonly LimitPlan[],
  wanted: readonly { stream: string; path: string }[],
): Promise<Sent[]> {
  const clock = new VirtualClock();
  const limiter = new InProcessLimiter(clock);
  const sent: Sent[] = [];
  await Promise.all(
    wanted.map(async (request) => {
      await limiter.acquire(budget(...limits), request);
      sent.push({ ...request, atMs: clock.monotonicUs() / 1000 });
    }),
  );
  return sent;
}

const times = (count: number, stream: string, path = '/a'): { stream: string; path: string }[] =>
  Array.from({ length: count }, () => ({ stream, path }));

describe('the in-process limiter', () => {
  it('lets a burst through at once and then keeps the rate', async () => {
    const sent = await drive([limit('rest', 500, 3)], times(5, 'orders'));
    const start = sent[0]?.atMs ?? 0;
    expect(sent.map(({ atMs }) => atMs - start)).to.deep.equal([0, 0, 0, 500, 1000]);
  });

  it('never exceeds any of several limits, and uses what they allow', async () => {
    const limits = fc.array(
      fc.record({
        intervalMs: fc.integer({ min: 1, max: 500 }),
        burst: fc.integer({ min: 1, max: 6 }),
        all: fc.boolean(),
      }),
      { minLength: 1, maxLength: 4 },
    );
    const requests = fc.array(
      fc.record({ stream: fc.constantFrom('a', 'b'), path: fc.constantFrom('/x/1', '/y/1') }),
      { minLength: 1, maxLength: 60 },
    );
    await fc.assert(
      fc.asyncProperty(limits, requests, async (declared, wanted) => {
        const plans = declared.map((one, at) =>
          limit(`l${at}`, one.intervalMs, one.burst, one.all ? undefined : '/x/*'),
        );
        const sent = await drive(plans, wanted);
        expect(sent).to.have.length(wanted.length);
        for (const plan of plans) expect(overflows(sent, plan)).to.equal(0);
      }),
      { numRuns: 60 },
    );
  });

  it('sends at the earliest slot that a single limit allows', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 300 }),
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 1, max: 40 }),
        async (intervalMs, burst, count) => {
          const sent = await drive([limit('one', intervalMs, burst)], times(count, 'a'));
          const last = (sent.at(-1)?.atMs ?? 0) - (sent[0]?.atMs ?? 0);
          expect(last).to.equal(Math.max(0, count - burst) * intervalMs);
        },
      ),
      { numRuns: 40 },
    );
  });

  it('does not keep a stream waiting behind another that has a slower limit', async () => {
    const limits = [limit('account', 100, 1), limit('search', 1000, 1, '/search*')];
    const sent = await drive(limits, [...times(10, 'search', '/search'), ...times(5, 'orders', '/orders')]);
    const start = sent[0]?.atMs ?? 0;
    const orders = sent.filter(({ stream }) => stream === 'orders').map(({ atMs }) => atMs - start);
    expect(Math.max(...orders)).to.be.at.most(600);
  });

  it('lets streams that wait for one budget take turns', async () => {
    const sent = await drive([limit('account', 100, 1)], [...times(20, 'big'), ...times(3, 'small')]);
    const place = sent.flatMap(({ stream }, at) => (stream === 'small' ? [at] : []));
    expect(Math.max(...place)).to.be.at.most(7);
  });

  it('says how long a permit waited and for which limit', async () => {
    const limiter = new InProcessLimiter(new VirtualClock());
    const rest = budget(limit('rest', 500, 1));
    expect(await limiter.acquire(rest, { stream: 'a', path: '/' })).to.deep.equal({ waitedMs: 0 });
    expect(await limiter.acquire(rest, { stream: 'a', path: '/' })).to.deep.equal({
      waitedMs: 500,
      boundBy: 'rest',
    });
  });

  it('grants nothing during a freeze, and no burst after it', async () => {
    const clock = new VirtualClock();
    const limiter = new InProcessLimiter(clock);
    const rest = budget(limit('rest', 100, 5));
    await limiter.acquire(rest, { stream: 'a', path: '/' });
    limiter.freeze('shop', 3000);
    const start = clock.monotonicUs();
    const waits: number[] = [];
    for (let at = 0; at < 3; at += 1) {
      await limiter.acquire(rest, { stream: 'a', path: '/' });
      waits.push((clock.monotonicUs() - start) / 1000);
    }
    expect(waits).to.deep.equal([3000, 3100, 3200]);
  });

  it('lets go of a waiter that is aborted, and goes on with the others', async () => {
    const limiter = new InProcessLimiter(new VirtualClock());
    const rest = budget(limit('rest', 60_000, 1));
    await limiter.acquire(rest, { stream: 'a', path: '/' });
    const abort = new AbortController();
    const stopped = limiter
      .acquire(rest, { stream: 'a', path: '/' }, abort.signal)
      .catch((error: Error) => error.message);
    const other = limiter.acquire(rest, { stream: 'b', path: '/' });
    abort.abort(new Error('stopped'));
    expect(await stopped).to.equal('stopped');
    expect((await other).waitedMs).to.equal(60_000);
  });
});
