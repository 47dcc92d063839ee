import type { AskLimit } from '../../engine/services/limiter/store.ts';
import { type CheckedLimit, type CheckedShape, LimitChecker } from './limit-checker.ts';
import { horizonUs, type Played, type Scenario, type ScenarioLimit } from './limit-scenarios.ts';

const checkedShape = ({ shape }: ScenarioLimit): CheckedShape => {
  switch (shape.kind) {
    case 'bucket':
      return shape;
    case 'sliding':
      return { kind: 'window', count: shape.count, windowUs: shape.windowUs };
    case 'fixed':
      return { kind: 'calendar', count: shape.count, everyUs: shape.everyUs };
    case 'concurrency':
      return { kind: 'leases', count: shape.count, leaseUs: shape.leaseUs };
  }
};

const scopesOf = (limits: readonly AskLimit[]): readonly string[] => [
  '',
  ...limits.flatMap(({ id, partition }) => [id, `${id} ${partition}`]),
];

/** How much later than the earliest slot each shape may be: a window in parts counts a part as a whole. */
const lateUs = ({ shape }: ScenarioLimit): number =>
  shape.kind === 'sliding' && shape.parts !== undefined ? shape.windowUs / shape.parts + 2 : 2;

/** Lets a checker see whatever is played. With `tight` it also complains of slots that are later than they need be. */
export function judged(
  { limits }: Scenario,
  played: Played,
  tight: boolean,
): { readonly played: Played; readonly checker: LimitChecker } {
  const checker = new LimitChecker();
  let seenUs = 0;
  const see = (nowUs: number): number => {
    seenUs = Math.max(seenUs, nowUs);
    return seenUs;
  };
  const declared = (id: string): ScenarioLimit => limits.find((one) => one.id === id) as ScenarioLimit;
  const checked = ({ id, partition }: AskLimit): CheckedLimit => ({
    key: `${id} ${partition}`,
    shape: checkedShape(declared(id)),
    raiseMax: declared(id).raiseMax,
  });
  const late = (asked: readonly AskLimit[], slotUs: number, nowUs: number): void => {
    const [only] = asked;
    if (only === undefined || asked.length > 1) return;
    const earliestUs = checker.earliest(checked(only), only.cost, nowUs);
    if (slotUs > earliestUs + lateUs(declared(only.id)))
      checker.complaints.push(`${only.id} is ${slotUs - earliestUs} us later than it need be`);
  };
  return {
    checker,
    played: {
      ask: async (ask, us) => {
        const nowUs = see(us);
        const answer = await played.ask(ask, us);
        const slotUs = nowUs + answer.waitUs;
        const why = answer.kind === 'later' ? answer.why : 'limit';
        if (tight && why === 'limit') late(ask.limits, slotUs, nowUs);
        if (answer.kind === 'grant')
          checker.granted({
            ticket: answer.ticket.id,
            nowUs,
            slotUs,
            horizonUs,
            scopes: scopesOf(ask.limits),
            limits: ask.limits.map((limit) => ({ limit: checked(limit), cost: limit.cost })),
          });
        return answer;
      },
      settle: async (settled, us) => {
        await played.settle(settled, us);
        const costs = settled.limits.flatMap(({ id, partition }) => {
          const actual = settled.costs[id];
          return actual === undefined ? [] : [[`${id} ${partition}`, actual] as const];
        });
        checker.settled(settled.ticket.id, settled.outcome, new Map(costs), see(us));
      },
      renew: async (ticket, asked, us) => {
        await played.renew(ticket, asked, us);
        checker.renewed(ticket, see(us));
      },
      freeze: async (order, random, us) => {
        const nowUs = see(us);
        const forUs = await played.freeze(order, random, us);
        const scope = order.limit === undefined ? '' : `${order.limit.id} ${order.limit.partition}`;
        checker.froze(scope, forUs, (order.ms ?? 0) * 1000, nowUs);
        return forUs;
      },
      thaw: async (scope, us) => {
        const count = await played.thaw(scope, us);
        const isMeant = (one: string): boolean =>
          scope === undefined || one === scope || one.startsWith(`${scope} `);
        checker.thawed(isMeant, see(us));
        return count;
      },
      status: (asked, us) => {
        see(us);
        return played.status(asked, us);
      },
      forget: async (us) => {
        await played.forget(us);
        checker.forgot();
      },
    },
  };
}
