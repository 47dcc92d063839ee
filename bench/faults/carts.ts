import { seeded } from '../support/seeded.ts';

interface Draft {
  readonly number: number;
  readonly version: number;
  readonly gone?: boolean;
}

const startsMs = [Date.parse('2026-01-01T00:00:00Z'), Date.parse('2026-02-01T00:00:00Z')] as const;

/** The JSON of a cart. Its second version has other items than its first one, some of them the same. */
function cart({ number, version, gone = false }: Draft, random: () => number): string {
  const startMs = startsMs[version === 1 ? 0 : 1];
  const id = `cart ${number}`;
  const skus = Array.from({ length: number % 5 }, (_, at) => at + 2 * (version - 1));
  const items = skus.map((sku) => ({
    sku: `${id}/${sku}`,
    count: number % 20 === 7 && version === 1 ? 'several' : Math.floor(random() * 9),
  }));
  const updatedAt = new Date(startMs + Math.floor(number / 3) * 60_000).toISOString();
  return JSON.stringify({ id, updated_at: updatedAt, owner: `owner ${number % 7}`, gone, items });
}

/** What has become of a cart when the second run comes. Undefined: the listing no longer has it, and nothing says so. */
function later(number: number): Draft | undefined {
  switch (number % 6) {
    case 1:
    case 5:
      return { number, version: 2 };
    case 2:
      return { number, version: 2, gone: true };
    case 3:
      return undefined;
    default:
      return { number, version: 1 };
  }
}

/** Carts as JSON, as the shop has them at first and later: changed, flagged as gone, back again, gone without a word, new. */
export function shopCarts(
  count: number,
  seed: number,
): {
  readonly early: readonly string[];
  readonly late: readonly string[];
} {
  const numbers = Array.from({ length: count }, (_, at) => at);
  const early = numbers.map((number): Draft => ({ number, version: 1, gone: number % 6 === 5 }));
  const late = numbers.flatMap((number) => later(number) ?? []);
  const added = [count, count + 1, count + 2].map((number): Draft => ({ number, version: 2 }));
  const json = (drafts: readonly Draft[]): readonly string[] =>
    drafts.map((draft) => cart(draft, seeded(seed + draft.number)));
  return { early: json(early), late: json([...late, ...added]) };
}
