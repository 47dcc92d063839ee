import { createHash } from 'node:crypto';
import type { ParitySide, ParityStatements } from '../../model/parity.ts';
import type { Answer, Warehouse } from '../../model/ports.ts';

/** The two tables of a pair, as they are asked. */
export interface Sides {
  ask(side: ParitySide, name: keyof ParityStatements, values?: Values): Promise<Answer>;
}

type Values = Parameters<Warehouse['ask']>[1];

/** A key that the checksums tell apart; a row of the same key may be there on one side alone. */
export interface Suspects {
  /** Hashes of keys. */
  readonly keys: readonly string[];
  /** Whether there are more than were looked for. */
  readonly truncated: boolean;
  readonly segmentsRead: number;
  readonly keysRead: number;
  /** Of all rows of each side. */
  readonly checksums: { readonly [side in ParitySide]: string };
}

interface Segment {
  readonly prefix: string;
  readonly rows: number;
}

/** Rows that a segment has about, so that a difference leads to few keys. */
const segmentRows = 256;
const firstDigitsMax = 4;
/** Rows of a segment above which it is divided again before its keys are read. */
const divideAbove = 4096;
const moreDigits = 3;
/** Hashes of keys that are read at once. */
const readMax = 100_000;
/** Keys that differ, of which the rows are looked at. */
const suspectsMax = 10_000;

const digitsFor = (rows: number): number =>
  Math.min(firstDigitsMax, Math.max(0, Math.ceil(Math.log(rows / segmentRows) / Math.log(16))));

/** Looks for the keys that differ: checksums of ever smaller segments, then the hashes of their rows. */
export async function suspectsOf(sides: Sides, rows: number): Promise<Suspects> {
  let digits = digitsFor(rows);
  const first = await differing(sides, { within: 0, depth: digits, prefixes: [''] });
  let segmentsRead = first.read;
  let { segments } = first;
  while (segments.some((one) => one.rows > divideAbove) && digits + moreDigits <= 30) {
    const inner = await differing(sides, {
      within: digits,
      depth: digits + moreDigits,
      prefixes: segments.map(({ prefix }) => prefix),
    });
    digits += moreDigits;
    segmentsRead += inner.read;
    segments = inner.segments;
  }
  return { ...(await keysIn(sides, digits, segments)), segmentsRead, checksums: first.checksums };
}

interface Level {
  readonly within: number;
  readonly depth: number;
  readonly prefixes: readonly string[];
}

async function differing(
  sides: Sides,
  { within, depth, prefixes }: Level,
): Promise<Pick<Suspects, 'checksums'> & { readonly segments: readonly Segment[]; readonly read: number }> {
  const values = { within, depth, segments: prefixes };
  const [left, right] = await Promise.all([
    sides.ask('left', 'segments', values),
    sides.ask('right', 'segments', values),
  ]);
  const theirs = bySegment(right);
  const segments: Segment[] = [];
  for (const [prefix, mine] of bySegment(left)) {
    const other = theirs.get(prefix);
    theirs.delete(prefix);
    if (other?.sum !== mine.sum) segments.push({ prefix, rows: Math.max(mine.rows, other?.rows ?? 0) });
  }
  for (const [prefix, { rows }] of theirs) segments.push({ prefix, rows });
  const checksums = { left: checksumOf(left), right: checksumOf(right) };
  return { segments, read: left.length + right.length, checksums };
}

/** One for a whole table, of those of its segments. */
const checksumOf = (answer: Answer): string => {
  const sums = [...bySegment(answer)].map(([prefix, { sum }]) => `${prefix}:${sum}`).sort();
  return createHash('sha256').update(sums.join('\n')).digest('hex').slice(0, 32);
};

const bySegment = (answer: Answer) =>
  new Map(
    answer.map((row) => [
      String(row['segment']),
      { rows: Number(row['total']), sum: [row['total'], row['high'], row['low']].join() },
    ]),
  );

async function keysIn(
  sides: Sides,
  within: number,
  segments: readonly Segment[],
): Promise<Omit<Suspects, 'segmentsRead' | 'checksums'>> {
  const keys: string[] = [];
  let keysRead = 0;
  for (const prefixes of batches(segments)) {
    if (keys.length >= suspectsMax) return { keys: keys.slice(0, suspectsMax), truncated: true, keysRead };
    const values = { within, segments: prefixes };
    const [left, right] = await Promise.all([
      sides.ask('left', 'keys', values),
      sides.ask('right', 'keys', values),
    ]);
    keysRead += left.length + right.length;
    keys.push(...unlike(left, right));
  }
  return { keys: keys.slice(0, suspectsMax), truncated: keys.length > suspectsMax, keysRead };
}

/** Segments together as long as their rows are not too many. */
function* batches(segments: readonly Segment[]): Generator<readonly string[]> {
  let batch: string[] = [];
  let rows = 0;
  for (const segment of segments) {
    if (batch.length > 0 && rows + segment.rows > readMax) {
      yield batch;
      batch = [];
      rows = 0;
    }
    batch.push(segment.prefix);
    rows += segment.rows;
  }
  if (batch.length > 0) yield batch;
}

function unlike(left: Answer, right: Answer): readonly string[] {
  const hashes = (answer: Answer): Map<string, string> =>
    new Map(answer.map((row) => [String(row['key_hash']), String(row['row_hash'])]));
  const theirs = hashes(right);
  const found: string[] = [];
  for (const [key, hash] of hashes(left)) {
    if (theirs.get(key) !== hash) found.push(key);
    theirs.delete(key);
  }
  return [...found, ...theirs.keys()];
}
