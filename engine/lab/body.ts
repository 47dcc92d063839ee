import { knownPath } from '../model/path.ts';
import type { JsonValue } from '../model/request-template.ts';
import { ByteSink } from './byte-sink.ts';
import type { View } from './collection.ts';
import { labError } from './complain.ts';

/** A value beside the records: the token of the next page, its URL, or the total. */
export interface Slot {
  readonly path: string;
  readonly value: JsonValue;
}

// No value that the lab itself writes into a body holds a control character.
const recordsMark = '\u0001records';
const recordsMarkJson = JSON.stringify(recordsMark);

type Holder = { [key: string]: unknown };

/** Sets a value at a path, making the objects and arrays on the way; false when something else stands there. */
function place(holder: Holder, segments: readonly string[], value: unknown): boolean {
  let at: Holder = holder;
  for (const segment of segments.slice(0, -1)) {
    // Objects without a prototype, so that `__proto__` is a key like any other.
    at[segment] ??= Object.create(null) as Holder;
    const next = at[segment];
    if (next === null || typeof next !== 'object') return false;
    at = next as Holder;
  }
  const last = segments.at(-1) as string;
  if (last in at) return false;
  at[last] = value;
  return true;
}

function keysOf(path: string, owner: string): readonly string[] {
  return knownPath(path).segments.map((segment) => {
    if ('key' in segment) return segment.key;
    throw labError(
      'cannotServe',
      `${owner}: the lab cannot make the path ${path}`,
      'It makes paths of keys only.',
    );
  });
}

/** The text before and after the records. */
interface Envelope {
  readonly before: string;
  readonly after: string;
}

/** Builds the body around the records of a stream (`owner`). */
function envelope(owner: string, recordsPath: string, slots: readonly Slot[]): Envelope {
  if (recordsPath === '' && slots.length === 0) return { before: '[', after: ']' };
  const body = Object.create(null) as Holder;
  const all: readonly (Slot | { path: string; value: string })[] = [
    { path: recordsPath, value: recordsMark },
    ...slots,
  ];
  for (const { path, value } of all) {
    const keys = keysOf(path, owner);
    if (keys.length > 0 && place(body, keys, value)) continue;
    const paths = all.map((slot) => slot.path || '(the response itself)').join(' and ');
    throw labError(
      'cannotServe',
      `${owner}: ${paths} cannot stand in one response`,
      'Check `records` and `paginate`.',
    );
  }
  const [before = '', after = ''] = JSON.stringify(body).split(recordsMarkJson);
  return { before: `${before}[`, after: `]${after}` };
}

/** A body with nothing but values at their paths. @throws TerminalError when two of them cannot stand in one body */
export function slotsBody(owner: string, slots: readonly Slot[]): unknown {
  const body = Object.create(null) as Holder;
  for (const { path, value } of slots) place(body, keysOf(path, owner), value);
  return body;
}

const comma = 44;
const firstBodyBytes = 64 * 1024;

/** Makes the bodies of one stream, each as large as the one before by guess. */
export class Bodies {
  private readonly owner: string;
  private readonly recordsPath: string;
  private expectedBytes = firstBodyBytes;

  /** @param recordsPath path of the records in a body; the empty one is the body itself */
  constructor(owner: string, recordsPath: string) {
    this.owner = owner;
    this.recordsPath = recordsPath;
  }

  /**
   * A whole response with the records of places `from` up to, not including, `to`.
   * @throws TerminalError when two of the paths cannot stand in one body
   */
  make(slots: readonly Slot[], view: View, from: number, to: number): Buffer {
    const around = envelope(this.owner, this.recordsPath, slots);
    const sink = new ByteSink(this.expectedBytes);
    sink.text(around.before);
    for (let place = from; place < to; place += 1) {
      if (place > from) sink.byte(comma);
      view.write(sink, place);
    }
    sink.text(around.after);
    this.expectedBytes = Math.max(firstBodyBytes, Math.ceil(sink.length * 1.1));
    return sink.written();
  }
}
