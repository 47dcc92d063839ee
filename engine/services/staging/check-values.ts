import { instantText, parseInstant, parseIso } from '../../model/instant.ts';
import type { LogicalType } from '../../model/plan.ts';

type Name = LogicalType['name'];

const number = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const clock = /^(\d\d:\d\d)(?::(\d\d)(?:\.(\d{1,6}))?)?/;

/** A bound of a check as a canonical value of the column's type, so that it compares like one. */
export function canonicalBound(type: Name, written: string): string {
  switch (type) {
    case 'timestamp':
      return parseInstant(written) ?? instantOf(written) ?? written;
    case 'datetime':
      return instantOf(written)?.slice(0, -1) ?? written;
    case 'date':
      return instantOf(written)?.slice(0, 10) ?? written;
    case 'time':
      return timeOf(written) ?? written;
    default:
      return written;
  }
}

/** What is written without a zone is taken for UTC. */
function instantOf(written: string): string | undefined {
  const parts = parseIso(written);
  if (parts !== undefined) return instantText(parts.wallMs, parts.micros);
  const ms = Date.parse(written);
  return Number.isNaN(ms) ? undefined : new Date(ms).toISOString().replace('Z', '000Z');
}

function timeOf(written: string): string | undefined {
  const [, minutes, seconds = '00', fraction = ''] = clock.exec(written) ?? [];
  return minutes === undefined ? undefined : `${minutes}:${seconds}.${fraction.padEnd(6, '0')}`;
}

/** Whether a value of a check can be one of this type at all. */
export const isOfType = (type: Name, written: string): boolean =>
  type === 'integer' || type === 'decimal' || type === 'double' ? number.test(written) : true;
