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
}

const firstMs = Date.parse('2026-01-01T00:00:00Z');
const secondMs = Date.parse('2026-02-01T00:00:00Z');
/** Beyond what a double holds: one digit that is lost makes two orders one. */
const firstId = 9_007_199_254_740_993n;
const names = ['Åsa Öberg', 'O\u2019Hara, "Jo"', '李雷', 'null', '\\N', ' ', 'a|b', 'x\ny'] as const;

/** Several orders share a second, as times of APIs do. */
const timeOf = (startMs: number, at: number): string =>
  new Date(startMs + Math.floor(at / 3) * 60_000).toISOString().replace('.000Z', 'Z');

function order(number: number, updatedAt: string, version: number, random: () => number): ShopOrder {
  const pick = (below: number): number => Math.floor(random() * below);
  const id = String(firstId + BigInt(number));
  const lines = Array.from({ length: pick(4) }, (_, position) => ({
    id: `${id}-${position}`,
    // What has no price at first gets one with the next version.
    price: number % 40 === 7 && version === 1 ? 'to be agreed' : `${pick(900)}.${10 + pick(90)}`,
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
export function shopOrders(options: ShopOptions): {
  readonly early: readonly ShopOrder[];
  readonly late: readonly ShopOrder[];
} {
  const random = seeded(options.seed);
  const early = Array.from({ length: options.orders }, (_, at) => order(at, timeOf(firstMs, at), 1, random));
  const every = Math.max(1, Math.floor(options.orders / options.changed));
  const changed = new Map<string, ShopOrder>();
  for (let at = 0; at < options.changed; at += 1) {
    const version = order((at * every) % options.orders, timeOf(secondMs, at), 2, random);
    changed.set(version.id, version);
  }
  const added = Array.from({ length: options.added }, (_, at) =>
    order(options.orders + at, timeOf(secondMs, options.changed + at), 1, random),
  );
  return { early, late: [...early.map((one) => changed.get(one.id) ?? one), ...added] };
}
