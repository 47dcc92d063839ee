import type * as config from '../model/config.ts';
import { knownPath } from '../model/path.ts';
import { ByteSink } from './byte-sink.ts';
import { type CursorKey, recordKey } from './cursor.ts';
import { badCursor } from './cursor-reader.ts';
import type { Write } from './generator-numbers.ts';
import { generatorError, inside, isSpec, type Place, type Spec } from './generator-options.ts';

/** What the record says at the cursor's path, and where that stands. */
function specAt(record: Spec, field: string, root: Place): { readonly spec: unknown; readonly place: Place } {
  let spec: unknown = record;
  let place = root;
  for (const segment of knownPath(field).segments) {
    const key = 'key' in segment ? segment.key : undefined;
    if (key === undefined || !isSpec(spec) || Object.hasOwn(spec, 'gen') || !Object.hasOwn(spec, key)) {
      throw generatorError(root, `has no ${field}, which is the stream's cursor`);
    }
    spec = spec[key];
    place = inside(place, key);
  }
  return { spec, place };
}

/** The two generators that only grow need no sorting, which five million records would be slow to start with. */
function ascends(spec: unknown, cursor: config.Cursor): boolean {
  if (!isSpec(spec) || spec['null_share'] !== undefined) return false;
  if (spec['gen'] === 'timestamp') return (cursor.type ?? 'timestamp') === 'timestamp';
  return spec['gen'] === 'sequence' && cursor.type === 'integer' && Number(spec['step'] ?? 1) >= 0;
}

/** The cursor of generated records, made without the rest of the record. `writerOf` compiles what a key says. */
export function generatedCursor(
  record: Spec,
  cursor: config.Cursor,
  root: Place,
  writerOf: (spec: unknown, place: Place) => Write,
): { readonly cursorAt: (n: number) => CursorKey; readonly ascending: boolean } {
  const { spec, place } = specAt(record, cursor.field, root);
  const write = writerOf(spec, place);
  return {
    ascending: ascends(spec, cursor),
    cursorAt(n) {
      const sink = new ByteSink();
      write(sink, n);
      const json = sink.written().toString();
      const value: unknown = JSON.parse(json);
      const key = recordKey(cursor, value, () => json);
      if (key === undefined) throw badCursor(cursor, value, `${root.stream}: generated record ${n + 1}`);
      return key;
    },
  };
}
