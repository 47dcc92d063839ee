import { promises as fs } from 'node:fs';
import { join } from 'node:path';
import { type FileAsk, type FilePlace, nextHeader } from '../../model/ask.ts';
import type { ApiRequest, ApiResponse } from '../../model/batch.ts';
import { complaint, TerminalError } from '../../model/errors.ts';
import type { HttpOptions } from '../../model/ports.ts';
import { changed, noFile, unreadable } from './failures.ts';
import { compare, described, type FoundFile, listed } from './listing.ts';
import { parquetRows } from './parquet.ts';
import { originOf, type Slice, sliceOf, withoutEnd } from './slices.ts';
import { openText, type TextFile } from './text-file.ts';

/** What is read of a text file at once. */
const pieceBytes = 4 * 1024 * 1024;

/** Files below the project's folder, or anywhere on this machine. One file is kept open between its pages. */
export class LocalFiles {
  readonly #project: string;
  readonly #open = new Map<string, TextFile>();

  constructor(project: string) {
    this.#project = project;
  }

  async send({ url, body = '{}' }: ApiRequest, { maxResponseBytes }: HttpOptions): Promise<ApiResponse> {
    const started = performance.now();
    const ask = JSON.parse(body) as FileAsk;
    const folder = this.#folderOf(new URL(url), ask);
    const place = ask.at ?? (await firstPlace(folder, ask));
    const answer =
      place === undefined
        ? ({ nothing: true } as const)
        : await this.#page(folder, ask, place, maxResponseBytes);
    return {
      status: 200,
      headers: {},
      body: new Uint8Array(),
      ...answer,
      elapsedMs: performance.now() - started,
    };
  }

  async close(): Promise<void> {
    await Promise.all([...this.#open.values()].map((file) => file.close()));
    this.#open.clear();
  }

  #folderOf({ host, pathname }: URL, { files }: FileAsk): string {
    const base = decodeURIComponent(pathname).slice(0, -files.length);
    return host === 'project' ? join(this.#project, base) : base;
  }

  async #page(
    folder: string,
    ask: FileAsk,
    place: FilePlace,
    bytesMax: number,
  ): Promise<Pick<ApiResponse, 'headers' | 'body' | 'origin'>> {
    const file = await unchanged(folder, place);
    const slice = await this.#slice(file, ask, place, bytesMax);
    await unchanged(folder, place);
    if (slice.next === undefined) await this.#finish(file.path);
    const next = slice.next ?? (await followingPlace(folder, ask, file));
    return {
      headers: next === undefined ? {} : { [nextHeader]: JSON.stringify({ at: next }) },
      body: slice.body,
      origin: originOf(place, slice.line, file.modified),
    };
  }

  async #slice(file: FoundFile, ask: FileAsk, place: FilePlace, bytesMax: number): Promise<Slice> {
    if (ask.format === 'parquet') return parquetSlice(file, ask, place);
    if (ask.format === 'json' || file.name.endsWith('.zip')) return wholeFile(file, place, bytesMax);
    const text = this.#open.get(file.path) ?? openText(file.path, file.name);
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

const placeIn = ({ name, version }: FoundFile): FilePlace => ({ file: name, offset: 0, line: 1, version });

async function unchanged(folder: string, { file, version }: FilePlace): Promise<FoundFile> {
  const found = await described(folder, file);
  if (found === undefined) throw changed(file, 'it is gone');
  if (found.version === version) return found;
  throw changed(file, `it had ${version}, and has ${found.version}`);
}

/** By what files are ordered: names differ, times need not. */
const orderOf = ({ order }: FileAsk, { name, modified }: FoundFile): string =>
  order === 'name' ? name : `${modified} ${name}`;

async function wantedFiles(folder: string, ask: FileAsk): Promise<readonly FoundFile[]> {
  const found = await listed(folder, ask.files);
  if (found.length === 0) throw noFile(ask.files, folder);
  const { from, order, behind } = ask;
  const value = (file: FoundFile): string => (order === 'name' ? file.name : file.modified);
  return found
    .filter((file) => from === undefined || (behind ? value(file) > from : value(file) >= from))
    .sort((a, b) => compare(orderOf(ask, a), orderOf(ask, b)));
}

async function firstPlace(folder: string, ask: FileAsk): Promise<FilePlace | undefined> {
  const [first] = await wantedFiles(folder, ask);
  return first && placeIn(first);
}

async function followingPlace(folder: string, ask: FileAsk, file: FoundFile): Promise<FilePlace | undefined> {
  const wanted = await wantedFiles(folder, ask);
  const next = wanted.find((other) => orderOf(ask, other) > orderOf(ask, file));
  return next && placeIn(next);
}

async function wholeFile(
  { path, name, size }: FoundFile,
  place: FilePlace,
  bytesMax: number,
): Promise<Slice> {
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

async function parquetSlice({ path, name }: FoundFile, { rows }: FileAsk, place: FilePlace): Promise<Slice> {
  const page = await parquetRows(path, name, place.offset, rows);
  const next = { ...place, offset: place.offset + page.rows, line: place.line + page.rows };
  return { body: new Uint8Array(page.body), line: place.line, ...(page.rows === rows && { next }) };
}
