import { tableText } from '../../../engine/report/table.ts';
import { VirtualClock } from '../../../test/support/virtual-clock.ts';
import { rounded } from '../../support/numbers.ts';
import { seeded } from '../../support/seeded.ts';
import type { Outcome, Scenario } from '../scenario.ts';
import { legacy, type MakeClient, sluice } from './clients.ts';
import { MarketServer } from './market-server.ts';
import { type Marketplace, marketplaces } from './marketplaces.ts';
import { Queue } from './queue.ts';
import { syncsOf } from './traffic.ts';

const processes = 4;
/** Requests that each process has under way for an account. */
const connections = 2;
const seed = 2026;
const hourMs = 3_600_000;

/** What a day at one marketplace came to. */
interface MarketDay {
  readonly market: string;
  readonly client: string;
  readonly sent: number;
  readonly status429: number;
  readonly status403: number;
  /** From when a sync is due to its last reply, of all syncs. */
  readonly minutesMean: number;
  readonly minutesMax: number;
  /** From the start of the day to the last reply. */
  readonly hours: number;
}

/** One day of one client at one marketplace, in virtual time. The same seed gives the same day to every client. */
async function dayAt(market: Marketplace, client: string, make: MakeClient): Promise<MarketDay> {
  const clock = new VirtualClock();
  const startMs = clock.now();
  const random = seeded(seed);
  const syncs = syncsOf(market, random);
  const server = new MarketServer(market, clock, random);
  const senders = make(market, server, clock, processes);
  const perAccount = senders.flatMap((send) => Array.from({ length: connections }, () => send));
  const queues = market.accounts.map((account) => ({ account, queue: new Queue(perAccount, clock) }));
  await Promise.all(
    queues.map(({ account, queue }) => queue.work(syncs.filter((sync) => sync.account === account))),
  );
  const minutes = queues.flatMap(({ queue }) => queue.minutes);
  const { statuses } = server;
  return {
    market: market.name,
    client,
    sent: Object.values(statuses).reduce((sum, one) => sum + one, 0),
    status429: statuses[429] ?? 0,
    status403: statuses[403] ?? 0,
    minutesMean: rounded(minutes.reduce((sum, one) => sum + one, 0) / minutes.length, 2),
    minutesMax: rounded(Math.max(...minutes), 1),
    hours: rounded((clock.now() - startMs) / hourMs, 2),
  };
}

const refusals = (days: readonly MarketDay[]): number =>
  days.reduce((sum, { status429, status403 }) => sum + status429 + status403, 0);

function daysTable(days: readonly MarketDay[]): string {
  const heads = ['a day at', 'client', 'sent', '429', '403', 'sync min (mean)', '(max)', 'done after h'];
  const lines = days.map((day) => [
    day.market,
    day.client,
    String(day.sent),
    String(day.status429),
    String(day.status403),
    day.minutesMean.toFixed(2),
    day.minutesMax.toFixed(1),
    day.hours.toFixed(2),
  ]);
  return tableText(heads, lines, [false, false, ...heads.slice(2).map(() => true)]);
}

/** A day of storefront traffic in virtual time, by the client of before and by ours: who is refused how often? */
export const storefrontDay: Scenario = {
  name: 'storefront_day',
  async run(): Promise<Outcome> {
    const days: MarketDay[] = [];
    for (const market of marketplaces) {
      days.push(await dayAt(market, 'legacy', legacy), await dayAt(market, 'sluice', sluice));
    }
    const before = refusals(days.filter(({ client }) => client === 'legacy'));
    const now = refusals(days.filter(({ client }) => client === 'sluice'));
    const reduction = rounded(100 * (1 - now / before), 3);
    return {
      rows: [],
      figures: { reduction_percent: reduction },
      notes: [daysTable(days), `storefront_day: ${before} × 403/429 before, ${now} now: −${reduction} %`],
    };
  },
};
