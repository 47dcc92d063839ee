import { expect } from 'chai';
import { groups, sideBySide } from '../../engine/execute/grouping.ts';
import type { Step } from '../../engine/model/plan.ts';
import { streamPlan } from '../support/plans.ts';

const read = (account: string, name = 'orders'): Step => ({
  kind: 'extract',
  id: `extract shop.${name}@${account}`,
  reason: '',
  stream: { ...streamPlan(), account, name },
  mappings: [],
});

/** Work that ends when it is told to. */
function held() {
  const ends = new Map<string, () => void>();
  let most = 0;
  return {
    ends,
    most: () => most,
    work: (step: Step) =>
      new Promise<void>((resolve) => {
        ends.set(step.id, () => {
          ends.delete(step.id);
          resolve();
        });
        most = Math.max(most, ends.size);
      }),
  };
}

/** What has been resolved is noticed. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('extractions side by side', () => {
  it('are one group, and so are sweeps', () => {
    const sweep = { ...read('a'), kind: 'sweep' } as unknown as Step;
    const load = { kind: 'load', id: 'load orders' } as unknown as Step;
    const all = [read('a'), read('b'), sweep, sweep, load, load];
    expect(groups(all).map((group) => group.length)).to.deep.equal([2, 2, 1, 1]);
  });

  it('are four of one account at most, and sixteen in all', async () => {
    const { ends, most, work } = held();
    const names = ['a', 'b', 'c', 'd', 'e', 'f'];
    const accounts = Array.from({ length: 40 }, (_, at) => `s${at}`);
    const steps = names.flatMap((name) => accounts.map((account) => read(account, name)));
    const done = sideBySide(steps, work);
    expect(ends.size).to.equal(16);
    const one = Array.from({ length: 9 }, (_, at) => read('a', `n${at}`));
    const single = held();
    const alone = sideBySide(one, single.work);
    expect(single.ends.size).to.equal(4);
    for (; single.ends.size > 0; await settled()) for (const end of [...single.ends.values()]) end();
    for (; ends.size > 0; await settled()) for (const end of [...ends.values()]) end();
    await Promise.all([done, alone]);
    expect([most(), single.most()]).to.deep.equal([16, 4]);
  });

  it('go on while one account waits for hours', async () => {
    const { ends, work } = held();
    const names = ['a', 'b', 'c', 'd', 'e'];
    const steps = names.flatMap((name) => [read('slow', name), read('quick', name)]);
    const done = sideBySide(steps, work);
    const quick = () => [...ends].filter(([id]) => id.endsWith('@quick'));
    for (let some = quick(); some.length > 0; some = quick()) {
      for (const [, end] of some) end();
      await settled();
    }
    expect([...ends.keys()]).to.deep.equal(['a', 'b', 'c', 'd'].map((name) => `extract shop.${name}@slow`));
    for (; ends.size > 0; await settled()) for (const end of [...ends.values()]) end();
    await done;
  });
});
