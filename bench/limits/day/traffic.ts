import type { Marketplace } from './marketplaces.ts';

/** One sync of one account. */
export interface Sync {
  readonly account: string;
  /** After the start of the day. */
  readonly dueMs: number;
  readonly requests: number;
}

const everyMs = 15 * 60_000;
const dayMs = 86_400_000;
const busiestHour = 20;
/** Of the mean, up and down over the day; and how far a single sync departs from that. */
const swing = 0.6;
const spread = 0.3;

/** A day of syncs, every fifteen minutes: few at night, many in the evening, none like the other. */
export function syncsOf({ accounts, requestsMean }: Marketplace, random: () => number): readonly Sync[] {
  const times = Array.from({ length: dayMs / everyMs }, (_, index) => index * everyMs);
  return accounts.flatMap((account) =>
    times.map((dueMs) => {
      const hour = dueMs / 3_600_000;
      const tide = 1 + swing * Math.cos(((hour - busiestHour) / 24) * 2 * Math.PI);
      const own = 1 + spread * (2 * random() - 1);
      return { account, dueMs, requests: Math.max(1, Math.round(requestsMean * tide * own)) };
    }),
  );
}
