import type { Collection } from './collection.ts';
import { labError, messageOf } from './complain.ts';
import type { CursorKey } from './cursor.ts';
import type { CursorReader } from './cursor-reader.ts';
import { PackedRecords } from './packed.ts';

const lineFeed = 10;
const carriageReturn = 13;

interface Line {
  readonly from: number;
  readonly to: number;
  readonly number: number;
}

function* lines(bytes: Buffer): Generator<Line> {
  let from = 0;
  for (let number = 1; from < bytes.length; number += 1) {
    const found = bytes.indexOf(lineFeed, from);
    const end = found < 0 ? bytes.length : found;
    yield { from, to: bytes[end - 1] === carriageReturn ? end - 1 : end, number };
    from = end + 1;
  }
}

function parsed(json: string, where: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (thrown) {
    throw labError(
      'badLine',
      `${where} is not JSON: ${messageOf(thrown)}`,
      'Write one JSON object per line.',
    );
  }
  if (value !== null && typeof value === 'object' && !Array.isArray(value)) return value;
  throw labError(
    'badLine',
    `${where} is not a JSON object`,
    'Write one JSON object per line; it is one record.',
  );
}

/**
 * Indexes NDJSON. Lines are parsed to check them and to find their cursor; served are their own bytes.
 * Empty lines are left out.
 * @throws TerminalError naming file and line
 */
export function readNdjson(bytes: Buffer, file: string, cursor?: CursorReader): Collection {
  const bounds: number[] = [];
  const keys: CursorKey[] = [];
  for (const { from, to, number } of lines(bytes)) {
    const json = bytes.toString('utf8', from, to);
    if (json.trim() === '') continue;
    const where = `${file}:${number}`;
    const record = parsed(json, where);
    if (cursor !== undefined) keys.push(cursor(record, json, where));
    bounds.push(from, to);
  }
  return new PackedRecords(bytes, bounds, keys);
}
