import { seeded } from '../support/seeded.ts';

/** An order as the API has it. */
export interface ShopOrder {
  readonly id: string;
  readonly updatedAt: string;
  /** Its JSON, byte for byte. */
  readonly json: string;
}

export interface ShopOptions {
  readonly seed: number;
  readonly orders: number;
  /** Orders that the second run finds changed, and those that are new then. */
  readonly changed: number;
  readonly added: number;
  /** Whether every line has a price; otherwise some are blocked. */
  readonly priced?: boolean;
}

const firstMs = Date.parse('2026-01-01T00:00:00Z');
const secondMs = Date.parse('2026-02-01T00:00:00Z');
/** Beyond what a double holds: one digit that is lost makes two orders one. */
const firstId = 9_007_199_254_740_993n;
const names = ['Åsa Öberg', 'O\u2019Hara, "Jo"', '李雷', 'null', '\\N', ' ', 'a|b', 'x\ny'] as const;

/** Several orders share a second, as times of APIs do. */
const timeOf = (startMs: number, at: number): string =>
  new Date(startMs + Math.floor(at / 3) * 60_000).toISOString().replace('.000Z', 'Z');

/** One order: its number, when it was changed last, and how often. */
interface Draft {
  readonly number: number;
  readonly updatedAt: string;
  readonly version: number;
  readonly priced: boolean;
}

function order({ number, updatedAt, version, priced }: Draft, random: () => number): ShopOrder {
  const pick = (below: number): number => Math.floor(random() * below);
  const id = String(firstId + BigInt(number));
  const lines = Array.from({ length: number % 4 }, (_, position) => ({
    id: `${id}-${position}`,
    // What has no price at first gets one with the next version.
    price: !priced && number % 40 === 7 && version === 1 ? 'to be agreed' : `${pick(900)}.${10 + pick(90)}`,
  }));
  const rest = {
    updated_at: updatedAt,
    total: `${1_234_567_890_123_456_789n + BigInt(pick(1_000_000))}.5${pick(10)}`,
    customer: pick(9) === 0 ? null : { name: names[pick(names.length)] },
    note: pick(5) === 0 ? null : `version ${version} of ${number}, ${'padding '.repeat(pick(12))}`,
    test: number % 17 === 3,
    lines,
  };
  return { id, updatedAt, json: `{"id":${id},${JSON.stringify(rest).slice(1)}` };
}

/** What the shop has at first, and what it has later; the same seed makes the same shop. */
export function shopOrders({ seed, orders, changed, added, priced = false }: ShopOptions): {
  readonly early: readonly ShopOrder[];
  readonly late: readonly ShopOrder[];
} {
  const random = seeded(seed);
  const make = (number: number, updatedAt: string, version: number): ShopOrder =>
    order({ number, updatedAt, version, priced }, random);
  const early = Array.from({ length: orders }, (_, at) => make(at, timeOf(firstMs, at), 1));
  const every = Math.max(1, Math.floor(orders / changed));
  const newer = new Map<string, ShopOrder>();
  for (let at = 0; at < changed; at += 1) {
    const version = make((at * every) % orders, timeOf(secondMs, at), 2);
    newer.set(version.id, version);
  }
  const more = Array.from({ length: added }, (_, at) => make(orders + at, timeOf(secondMs, changed + at), 1));
  return { early, late: [...early.map((one) => newer.get(one.id) ?? one), ...more] };
}

/** An order as it is after one more change. */
export const changedOrder = (number: number, updatedAt: string, seed: number): ShopOrder =>
  order({ number, updatedAt, version: 3, priced: true }, seeded(seed));
