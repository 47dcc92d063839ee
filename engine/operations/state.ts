import { accountStream } from '../model/accounts.ts';
import { cursorText, cursorValue } from '../model/batch.ts';
import type { StreamFreshness } from '../model/freshness.ts';
import { parseInstant } from '../model/instant.ts';
import { extractLock } from '../model/locks.ts';
import type { CursorType, ParentPlan, Plan, StreamPlan } from '../model/plan.ts';
import type { LockView, RunView, State, StreamRef, StreamState } from '../model/state-port.ts';
import { streamRefs } from '../model/stream-refs.ts';
import { backfillOf, declaredName, isBackfill } from '../model/sweep.ts';
import { freshnessOf } from './freshness.ts';

/** What `etl state show` says. */
export interface StateView {
  readonly streams: readonly StreamView[];
  /** How fresh the tables are, by the ledger. */
  readonly freshness: readonly StreamFreshness[];
  readonly locks: readonly LockView[];
  /** A run that never came to its end, and that no process goes on with, is `killed`. */
  readonly runs: readonly RunView[];
}

export interface StreamView extends StreamState {
  readonly cursorType?: CursorType;
  /** Present where the stream is read for each record of another one: its cursor is then a page of that. */
  readonly byParents?: true;
}

const runsMax = 10;

/** Everything that staging knows of the streams, or of one of them. Cursors are as the API gives them. */
export async function viewState(
  state: State,
  plan: Plan,
  nowMs: number,
  only?: readonly StreamPlan[],
): Promise<StateView> {
  const own = only && new Set(only.map(extractLock));
  const isWanted = (ref: StreamRef): boolean =>
    own?.has(extractLock({ ...ref, name: declaredName(ref.name) })) ?? true;
  const refs = streamRefs(plan).filter(isWanted);
  const locks = await state.locks.all();
  const live = new Set(locks.filter(({ free }) => !free).map(({ run }) => run));
  const runs = await state.runs.last(runsMax);
  const found = await state.positions.streams(refs);
  // Most streams are never backfilled.
  const states = found.filter(({ stream, pages }) => !isBackfill(stream) || pages.all > 0);
  const freshness = await freshnessOf(plan, state.runs, nowMs);
  return {
    streams: states.map((one) => readable(one, streamOf(plan, one))),
    freshness: freshness.filter(({ stream, account }) =>
      states.some((one) => one.stream === stream && one.account === account),
    ),
    locks: locks.filter(({ name }) => own?.has(name) ?? true),
    runs: runs.map((run) =>
      run.status === 'running' && !live.has(run.run) ? { ...run, status: 'killed' } : run,
    ),
  };
}

/** What a new cursor means, before it is set. */
export interface CursorChange {
  readonly stream: string;
  /** Canonical values. */
  readonly before?: string;
  readonly after: string;
  /** Whether records are read again or left out. */
  readonly effect: 'again' | 'skipped' | 'first' | 'none';
  /** Pages of the window that is given up; absent when none was open. */
  readonly givenUp?: number;
}

/** Sets the cursor of a stream to a canonical value. */
export async function setCursor(
  state: State,
  ref: StreamRef,
  stream: StreamPlan,
  after: string,
): Promise<CursorChange> {
  const type = stream.cursor?.type ?? 'timestamp';
  const [found] = await state.positions.streams([ref]);
  const before = found?.fetched.cursor;
  const text = cursorText(type, after);
  await state.positions.setCursor(ref, text, JSON.stringify(stream.shape));
  const open = found?.fetched.open;
  return {
    stream: accountStream(ref),
    ...(before !== undefined && { before: cursorValue(type, before) }),
    after,
    effect: effectOf(before, text),
    ...(open !== undefined && { givenUp: open.pages }),
  };
}

function effectOf(before: string | undefined, after: string): CursorChange['effect'] {
  if (before === undefined) return 'first';
  if (before === after) return 'none';
  return after < before ? 'again' : 'skipped';
}

/** The canonical value that a text stands for; undefined when it is none of the type. */
export function canonicalCursor(type: CursorType, text: string): string | undefined {
  if (type === 'timestamp') return parseInstant(text);
  if (type === 'integer') return /^-?\d{1,40}$/.test(text) ? String(BigInt(text)) : undefined;
  return text === '' ? undefined : text;
}

const streamOf = (plan: Plan, { stream, account }: StreamState): StreamPlan | undefined =>
  plan.steps
    .flatMap((step) => (step.kind === 'extract' || step.kind === 'remap' ? [step.stream] : []))
    .find(
      (one) =>
        [one.name, backfillOf(one.name)].some((name) => `${one.source}.${name}` === stream) &&
        one.account === account,
    );

/** Cursors in staging are written so that texts compare like values; people know the values. */
function readable(state: StreamState, stream: StreamPlan | undefined): StreamView {
  if (stream?.parent !== undefined) return readableChild(state, stream.parent);
  const type = stream?.cursor?.type;
  return type === undefined ? state : { ...withCursors(state, type), cursorType: type };
}

/** Of one with parents the cursor is the page up to which all of them are done. */
function readableChild(state: StreamState, { cursor }: ParentPlan): StreamView {
  const { parents, ...whole } = withCursors(state, 'integer');
  if (parents === undefined) return { ...whole, byParents: true };
  const type = cursor?.type ?? 'string';
  const { least, greatest, ...counts } = parents;
  const values = {
    ...(least !== undefined && { least: cursorValue(type, least) }),
    ...(greatest !== undefined && { greatest: cursorValue(type, greatest) }),
  };
  return { ...whole, byParents: true, parents: { ...counts, ...values } };
}

function withCursors(state: StreamState, type: CursorType): StreamState {
  const value = (cursor: string | undefined): { readonly cursor?: string } =>
    cursor === undefined ? {} : { cursor: cursorValue(type, cursor) };
  return {
    ...state,
    fetched: { ...state.fetched, ...value(state.fetched.cursor) },
    settled: { ...state.settled, ...value(state.settled.cursor) },
  };
}
