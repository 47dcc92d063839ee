import { createHash } from 'node:crypto';
import type { StagedValue } from '../../engine/model/batch.ts';

/** The columns of a sale besides its key, and their types in a mapping. */
export const saleTypes = {
  customer: 'string',
  placed_at: 'timestamp',
  price: 'decimal(18,2)',
  quantity: 'integer',
  is_gift: 'boolean',
  label: 'string',
  extra: 'json',
} as const;

/** Rows of a load file, of about 300 bytes each: account, columns, then what staging adds. The first `changed` % are of `version`. */
export function* sales(count: number, changed = 0, version = 0): Generator<readonly StagedValue[]> {
  for (let at = 0; at < count; at += 1) {
    const own = at % 100 < changed ? version : 0;
    const values = [
      `sale-${String(at).padStart(9, '0')}`,
      `customer-${(at * 7919) % 50_000}`,
      new Date(Date.UTC(2026, 0, 1) + at * 1000).toISOString(),
      `${(at % 100_000) + own}.${String(at % 100).padStart(2, '0')}`,
      at % 12,
      at % 9 === 0 ? 1 : 0,
      at % 11 === 0 ? null : `a “label”, with the number ${at} and some more text to carry`,
      JSON.stringify({ channel: 'web', tags: ['a', 'b'], at }),
    ];
    const hash = createHash('sha256').update(values.join('\0')).digest('hex');
    const cursor = `2026-01-0${own + 1}T00:00:00.000000Z`;
    yield ['default', ...values, 1, at, null, String(at), cursor, hash, null];
  }
}
