import { createHmac, randomBytes } from 'node:crypto';
import { ExplainedError } from '../../model/errors.ts';
import { instantMs, shiftInstant } from '../../model/instant.ts';
import type {
  ParityBaseline,
  ParityCounts,
  ParityDifference,
  ParityPair,
  ParityPlan,
  ParitySide,
  ParityVerdict,
  TableParity,
} from '../../model/parity.ts';
import type { Warehouse } from '../../model/ports.ts';
import { type Sides, suspectsOf } from './bisect.ts';
import { compareRows, differencesIn, samplesOf, type UnlikeRows, type Watermark } from './rows.ts';

export interface ParityOptions {
  readonly warehouses: { readonly [side in ParitySide]: Warehouse };
  /** Rows newer than the watermark less this are left out. */
  readonly lagMs?: number;
  /** Rows to show of each table. */
  readonly samplesMax: number;
  readonly baseline?: ParityBaseline;
  readonly signal: AbortSignal;
}

export interface ParityFound {
  readonly tables: readonly TableParity[];
  /** All differences of each mapping, for a baseline. */
  readonly differences: { readonly [mapping: string]: readonly ParityDifference[] };
}

/** Compares tables two by two: schema, counts, checksums, and the rows of the keys that differ. Nothing is changed. */
export async function compareTables({ pairs }: ParityPlan, options: ParityOptions): Promise<ParityFound> {
  const tables: TableParity[] = [];
  const differences: Record<string, readonly ParityDifference[]> = {};
  // The same value has the same hash in one report, and another one in the next: nobody can look it up.
  const secret = randomBytes(32);
  const hide = (value: string): string =>
    `hmac:${createHmac('sha256', secret).update(value).digest('hex').slice(0, 16)}`;
  for (const pair of pairs) {
    options.signal.throwIfAborted();
    const found = await comparePair(pair, options, hide);
    tables.push(found.table);
    differences[pair.mapping] = found.differences;
  }
  return { tables, differences };
}

interface PairFound {
  readonly table: TableParity;
  readonly differences: readonly ParityDifference[];
}

const nothing = {
  rows: { left: 0, right: 0 },
  differences: { missing: 0, extra: 0, changed: 0 },
  truncated: false,
  columns: {},
  samples: [],
  known: 0,
  fresh: 0,
  newer: 0,
  read: { segments: 0, keys: 0, rows: 0 },
} as const;

const headOf = ({ mapping, tables, schema, excluded }: ParityPair) => ({
  mapping,
  left: tables.left,
  right: tables.right,
  schema,
  excluded,
});

async function comparePair(
  pair: ParityPair,
  options: ParityOptions,
  hide: (value: string) => string,
): Promise<PairFound> {
  const head = { ...nothing, ...headOf(pair) };
  const whole = pair.excluded.find(({ column }) => column === undefined);
  if (whole !== undefined)
    return { table: { ...head, verdict: 'excluded', reason: whole.reason }, differences: [] };
  const inconclusive = (reason: string): PairFound => ({
    table: { ...head, verdict: 'inconclusive', reason },
    differences: [],
  });
  if (pair.statements === undefined) return inconclusive(pair.obstacle ?? 'it cannot be compared');
  try {
    const looked = await lookAt(pair, sidesOf(pair, options), options);
    if (looked.obstacle !== undefined)
      return {
        ...inconclusive(looked.obstacle),
        table: { ...inconclusive(looked.obstacle).table, rows: looked.rows },
      };
    return judged(pair, looked, options, hide);
  } catch (error) {
    if (options.signal.aborted) throw error;
    return inconclusive(`it could not be read: ${messageIn(error)}`);
  }
}

/** Statements of a pair, each asked of its own warehouse; the watermark goes with all of them. */
function sidesOf({ statements }: ParityPair, { warehouses }: ParityOptions, watermark?: Watermark): Sides {
  const bound = watermark === undefined ? {} : { watermark: watermark.cursor };
  return {
    ask: (side, name, values = {}) =>
      warehouses[side].ask(statements?.[side][name] ?? [], { ...values, ...bound }),
  };
}

interface Looked {
  readonly obstacle?: string;
  readonly rows: { readonly [side in ParitySide]: number };
  readonly unlike: readonly UnlikeRows[];
  readonly truncated: boolean;
  readonly newer: number;
  readonly watermark?: string;
  readonly checksums?: NonNullable<TableParity['checksums']>;
  readonly read: TableParity['read'];
}

async function lookAt(pair: ParityPair, plain: Sides, options: ParityOptions): Promise<Looked> {
  const watermark = await watermarkOf(pair, plain, options.lagMs);
  const sides = watermark === undefined ? plain : sidesOf(pair, options, watermark);
  const [left, right] = [await countsOf(sides, 'left'), await countsOf(sides, 'right')];
  const rows = { left: left.total, right: right.total };
  const none = { rows, unlike: [], truncated: false, newer: 0, read: nothing.read };
  const obstacle = obstacleOf(pair, left, 'left') ?? obstacleOf(pair, right, 'right');
  if (obstacle !== undefined) return { ...none, obstacle };
  const suspects = await suspectsOf(sides, Math.max(left.total, right.total));
  const { unlike, newer, rowsRead } = await compareRows(sides, pair.columns, suspects.keys, watermark);
  const isOpen = suspects.truncated && unlike.length === 0;
  return {
    rows,
    unlike,
    truncated: suspects.truncated,
    newer,
    ...(isOpen && {
      obstacle:
        'more rows have other checksums than are looked at, and the first of them are the same when they are read',
    }),
    ...(watermark && { watermark: watermark.cursor }),
    checksums: suspects.checksums,
    read: { segments: suspects.segmentsRead, keys: suspects.keysRead, rows: rowsRead },
  };
}

/** Up to where both sides have got, less the lag; undefined where it is not asked for, or the cursor is no instant. */
async function watermarkOf(
  { cursorKind }: ParityPair,
  sides: Sides,
  lagMs: number | undefined,
): Promise<Watermark | undefined> {
  if (lagMs === undefined || cursorKind === undefined) return undefined;
  const newest = await Promise.all(
    (['left', 'right'] as const).map((side) => newestOf(sides, side, cursorKind)),
  );
  // A side without cursors has nothing that could be newer.
  const known = newest.filter((cursor) => cursor !== undefined).sort((a, b) => instantMs(a) - instantMs(b));
  const [least] = known;
  return { kind: cursorKind, cursor: least === undefined ? '' : shiftInstant(least, -lagMs) };
}

async function newestOf(sides: Sides, side: ParitySide, kind: string): Promise<string | undefined> {
  const [row] = await sides.ask(side, 'newest');
  const cursor = row?.['newest'];
  return typeof cursor === 'string' ? cursor.slice(kind.length) : undefined;
}

interface Counted {
  readonly keys: number;
  readonly total: number;
  readonly nulls: number;
}

async function countsOf(sides: Sides, side: ParitySide): Promise<Counted> {
  const [row] = await sides.ask(side, 'counts');
  return { keys: Number(row?.['found']), total: Number(row?.['total']), nulls: Number(row?.['nulls']) };
}

function obstacleOf(
  { tables, columns }: ParityPair,
  { keys, total, nulls }: Counted,
  side: ParitySide,
): string | undefined {
  const key = columns
    .filter(({ isKey }) => isKey)
    .map(({ name }) => name)
    .join(', ');
  if (nulls > 0 && columns.some(({ isKey }) => !isKey))
    return `${tables[side]} has ${nulls} rows with NULL in the key (${key})`;
  if (keys < total) return `${tables[side]} has ${total - keys} rows more than keys (${key})`;
  return undefined;
}

function judged(
  pair: ParityPair,
  { unlike, obstacle: _, ...looked }: Looked,
  { baseline, samplesMax }: ParityOptions,
  hide: (value: string) => string,
): PairFound {
  const schema = pair.schema.map(({ column, kind, left, right }) => ({
    kind,
    id: `${kind}:${column}:${left}:${right}`,
  }));
  const differences = [...schema, ...differencesIn(unlike, pair.columns)];
  const accepted = new Set(baseline?.tables[pair.mapping] ?? []);
  const known = differences.filter(({ id }) => accepted.has(id)).length;
  const verdict: ParityVerdict = differences.length === 0 ? 'match' : 'mismatch';
  return {
    table: {
      ...nothing,
      ...headOf(pair),
      ...looked,
      verdict,
      differences: countsIn(unlike),
      columns: byColumn(unlike),
      samples: samplesOf(unlike, pair.columns, samplesMax, hide),
      known,
      fresh: differences.length - known,
    },
    differences,
  };
}

const countsIn = (unlike: readonly UnlikeRows[]): ParityCounts => {
  const of = (kind: UnlikeRows['kind']): number => unlike.filter((one) => one.kind === kind).length;
  return { missing: of('missing'), extra: of('extra'), changed: of('changed') };
};

function byColumn(unlike: readonly UnlikeRows[]): TableParity['columns'] {
  const counts: Record<string, number> = {};
  for (const { columns } of unlike) for (const name of columns) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

function messageIn(error: unknown): string {
  if (error instanceof ExplainedError) return `${error.diagnostic.code}: ${error.diagnostic.summary}`;
  return (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';
}
