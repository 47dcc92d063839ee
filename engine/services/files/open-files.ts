import { promises as fs } from 'node:fs';
import type { FileAsk, FilePlace } from '../../model/ask.ts';
import { complaint, TerminalError } from '../../model/errors.ts';
import { unreadable } from './failures.ts';
import { parquetRows } from './parquet.ts';
import { type Slice, sliceOf, withoutEnd } from './slices.ts';
import { openText, type ReadFile, type TextFile } from './text-file.ts';

/** What is read of a file at once. */
const pieceBytes = 4 * 1024 * 1024;

/** Files of which pages are read. One that is unpacked stays open between its pages. */
export class OpenFiles {
  readonly #open = new Map<string, TextFile>();

  async page(file: ReadFile, ask: FileAsk, place: FilePlace, bytesMax: number): Promise<Slice> {
    const slice = await this.#slice(file, ask, place, bytesMax);
    if (slice.next === undefined) await this.#finish(file.path);
    return slice;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#open.values()].map((file) => file.close()));
    this.#open.clear();
  }

  async #slice(file: ReadFile, ask: FileAsk, place: FilePlace, bytesMax: number): Promise<Slice> {
    if (ask.format === 'parquet') return parquetSlice(file, ask, place);
    if (ask.format === 'json' || file.name.endsWith('.zip')) return wholeFile(file, place, bytesMax);
    const text = this.#open.get(file.path) ?? openText(file);
    this.#open.set(file.path, text);
    const piece = await text.read(place.offset, Math.min(pieceBytes, bytesMax));
    const found = sliceOf(ask, place, piece);
    if (found !== undefined) return found;
    const longer = await text.read(place.offset, bytesMax);
    const slice = sliceOf(ask, place, longer);
    if (slice === undefined) throw withoutEnd(ask, place, longer, bytesMax);
    return slice;
  }

  async #finish(path: string): Promise<void> {
    await this.#open.get(path)?.close();
    this.#open.delete(path);
  }
}

async function wholeFile({ path, name, size }: ReadFile, place: FilePlace, bytesMax: number): Promise<Slice> {
  if (size > bytesMax)
    throw new TerminalError(
      complaint(
        'ETL0409',
        `${name} is larger than ${bytesMax.toLocaleString('en')} bytes`,
        'JSON and zip files are read whole. Raise the source’s `maxResponseBytes`, or write NDJSON, CSV or Parquet.',
      ),
    );
  const bytes = await fs.readFile(path).catch((error: unknown) => {
    throw unreadable(name, error);
  });
  return { body: new Uint8Array(bytes), line: place.line };
}

async function parquetSlice({ path, name }: ReadFile, { rows }: FileAsk, place: FilePlace): Promise<Slice> {
  const page = await parquetRows(path, name, place.offset, { rowsMax: rows, bytesMax: pieceBytes });
  const next = { ...place, offset: place.offset + page.rows, line: place.line + page.rows };
  return { body: new Uint8Array(page.body), line: place.line, ...(!page.isLast && { next }) };
}
