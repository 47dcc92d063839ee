import type { ByteSink } from './byte-sink.ts';
import type { Collection } from './collection.ts';
import type { CursorKey } from './cursor.ts';

/** The records of a data file: one block of bytes, with an index. */
export class PackedRecords implements Collection {
  private readonly bytes: Buffer;
  private readonly bounds: readonly number[];
  private readonly keys: readonly CursorKey[];

  /** @param bounds begin and end of each record, in turn, in `bytes` */
  constructor(bytes: Buffer, bounds: readonly number[], keys: readonly CursorKey[]) {
    this.bytes = bytes;
    this.bounds = bounds;
    this.keys = keys;
  }

  get size(): number {
    return this.bounds.length / 2;
  }

  write(sink: ByteSink, position: number): void {
    sink.append(this.bytes.subarray(this.bounds[position * 2], this.bounds[position * 2 + 1]));
  }

  cursorAt(position: number): CursorKey {
    return this.keys[position] as CursorKey;
  }
}
