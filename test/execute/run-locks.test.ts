import { expect } from 'chai';
import { RunLocks } from '../../engine/execute/run-locks.ts';
import { TransientError } from '../../engine/model/errors.ts';
import type { Plan } from '../../engine/model/plan.ts';
import type { ProgressEvent } from '../../engine/model/ports.ts';
import type { LockView, LockWanted, WorkLocks } from '../../engine/model/state-port.ts';
import { streamPlan } from '../contracts/staging-samples.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

const minuteMs = 60_000;

/** Locks of which a test says who has them. */
class FakeLocks implements WorkLocks {
  readonly ttlMs = minuteMs;
  readonly ours = new Set<string>();
  readonly theirs = new Map<string, LockView>();
  renewals = 0;
  failure: Error | undefined;

  async take({ name }: LockWanted): Promise<LockView | undefined> {
    const holder = this.theirs.get(name);
    if (holder === undefined) this.ours.add(name);
    return holder;
  }

  async renew(): Promise<ReadonlySet<string>> {
    if (this.failure !== undefined) throw this.failure;
    this.renewals += 1;
    return new Set(this.ours);
  }

  async release(names: readonly string[]): Promise<void> {
    for (const name of names) this.ours.delete(name);
  }

  async all(): Promise<readonly LockView[]> {
    return [...this.theirs.values()];
  }

  async unlock(name: string): Promise<boolean> {
    return this.ours.delete(name);
  }
}

const other = (name: string, what: string): LockView => ({
  name,
  holder: 'etl',
  host: 'worker-2',
  pid: 4711,
  run: '20260101-000000-abcdef',
  what,
  acquiredAt: '2026-01-01T00:00:00.000Z',
  expiresAt: '2026-01-01T00:01:00.000Z',
  free: false,
});

const extraction = {
  kind: 'extract',
  id: 'extract shop.orders',
  reason: '',
  stream: streamPlan(),
  mappings: [],
} as const;
const check = { kind: 'check', id: 'check orders', reason: '', mapping: 'orders', checks: [] } as const;
const plan = { steps: [extraction] } as unknown as Plan;
const never = new AbortController().signal;

describe('the locks of a run', () => {
  let fake: FakeLocks;
  let clock: VirtualClock;
  let told: ProgressEvent[];
  let locks: RunLocks;

  beforeEach(() => {
    fake = new FakeLocks();
    clock = new VirtualClock();
    told = [];
    const progress = { update: (event: ProgressEvent) => void told.push(event) };
    locks = new RunLocks({ locks: fake, clock, run: 'run-1', progress });
  });

  afterEach(() => locks.close());

  it('are renewed three times in their life, and released at the end', async () => {
    await locks.takeStreams(plan);
    expect(locks.refusal).to.deep.equal([]);
    await clock.sleep(minuteMs);
    expect(fake.renewals).to.be.within(2, 3);
    await locks.close();
    expect([...fake.ours]).to.deep.equal([]);
  });

  it('abort the work when somebody has taken one away', async () => {
    await locks.takeStreams(plan);
    const lost = await locks.admit(extraction, never);
    fake.ours.clear();
    await clock.sleep(minuteMs / 2);
    expect(lost.reason).to.be.instanceOf(TransientError).with.property('message').that.includes('ETL0631');
  });

  it('outlast a database that is away for less than their life, and not for longer', async () => {
    await locks.takeStreams(plan);
    const lost = await locks.admit(extraction, never);
    fake.failure = new Error('away');
    await clock.sleep(minuteMs / 2);
    expect(lost.aborted).to.equal(false);
    await clock.sleep(minuteMs);
    expect(lost.aborted).to.equal(true);
  });

  it('refuse a stream that another run reads, and say who', async () => {
    fake.theirs.set('extract:shop.orders', other('extract:shop.orders', 'reading shop.orders'));
    await locks.takeStreams(plan);
    expect(locks.isRefused('shop.orders')).to.equal(true);
    const [refusal] = locks.refusal;
    expect(refusal?.summary).to.equal(
      'another run is reading shop.orders: 20260101-000000-abcdef (etl on worker-2, process 4711)',
    );
    const failure = await locks.admit(extraction, never).catch((error: unknown) => error);
    expect(failure).to.have.property('message').that.includes('ETL0630');
  });

  it('wait for another run that loads, and tell it', async () => {
    fake.theirs.set('load:warehouse', other('load:warehouse', 'loading the warehouse'));
    const admitted = locks.admit(check, never);
    await clock.sleep(5 * minuteMs);
    fake.theirs.clear();
    expect((await admitted).aborted).to.equal(false);
    const [first] = told;
    expect(first).to.deep.equal({
      kind: 'lock',
      holder: 'run 20260101-000000-abcdef (etl on worker-2, process 4711) is loading the warehouse',
      waitedMs: 0,
    });
  });

  it('wait no longer than a quarter of an hour', async () => {
    fake.theirs.set('load:warehouse', other('load:warehouse', 'loading the warehouse'));
    const startMs = clock.now();
    const failure = await locks.admit(check, never).catch((error: unknown) => error);
    expect(failure).to.have.property('message').that.includes('ETL0630');
    expect(clock.now() - startMs).to.equal(15 * minuteMs);
  });
});
