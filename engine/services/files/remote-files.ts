import { type FileAsk, type FilePlace, nextHeader } from '../../model/ask.ts';
import type { ApiRequest, ApiResponse } from '../../model/batch.ts';
import { instantMs, instantText } from '../../model/instant.ts';
import type { Download, HttpClient, HttpOptions } from '../../model/ports.ts';
import { changed } from './failures.ts';
import { OpenFiles } from './open-files.ts';
import { originOf } from './slices.ts';
import { type TemporaryCopy, temporaryCopy } from './temporary-copy.ts';

/** The largest file that is copied. */
const copyBytesMax = 64 * 1024 ** 3;

interface Copy extends TemporaryCopy {
  readonly name: string;
  readonly modified: string | undefined;
}

/**
 * Files at URLs: the request for the first page copies the file, and all further pages are read of the copy. A run that
 * goes on in the middle copies it again, and goes on if it still holds the same.
 */
export class RemoteFiles implements HttpClient {
  readonly #download: Download;
  readonly #open = new OpenFiles();
  /** By what they hold. */
  readonly #copies = new Map<string, Copy>();

  constructor(download: Download) {
    this.#download = download;
  }

  holds({ body }: ApiRequest): boolean {
    return this.#copyFor(askOf(body)) !== undefined;
  }

  async send(request: ApiRequest, options: HttpOptions, signal?: AbortSignal): Promise<ApiResponse> {
    const started = performance.now();
    const ask = askOf(request.body);
    const held = this.#copyFor(ask);
    const copy = held ?? (await this.#copied(request, ask, options, signal));
    if ('status' in copy) return copy.status === notModified ? { ...copy, nothing: true } : copy;
    const place = ask.at ?? { file: copy.name, offset: 0, line: 1, version: copy.hash };
    if (place.version !== copy.hash) throw await this.#otherContent(copy);
    const page = await this.#page(copy, ask, place, options.maxResponseBytes);
    return { status: 200, ...page, elapsedMs: performance.now() - started };
  }

  async close(): Promise<void> {
    await this.#open.close();
    await Promise.all([...this.#copies.values()].map((copy) => copy.remove()));
    this.#copies.clear();
  }

  #copyFor({ at }: FileAsk): Copy | undefined {
    return at && this.#copies.get(at.version);
  }

  async #page(
    copy: Copy,
    ask: FileAsk,
    place: FilePlace,
    bytesMax: number,
  ): Promise<Pick<ApiResponse, 'headers' | 'body' | 'origin'>> {
    const { name, path, bytes, isGzip, modified } = copy;
    const { body, line, next } = await this.#open.page(
      { name, path, size: bytes, isGzip },
      ask,
      place,
      bytesMax,
    );
    if (next === undefined) await this.#remove(copy);
    const headers = next === undefined ? {} : { [nextHeader]: JSON.stringify({ at: next }) };
    return { headers, body, origin: originOf(place, line, modified) };
  }

  /** A copy of the file; the reply, where that is none. */
  async #copied(
    request: ApiRequest,
    ask: FileAsk,
    options: HttpOptions,
    signal?: AbortSignal,
  ): Promise<Copy | ApiResponse> {
    let made: TemporaryCopy | undefined;
    const keep = async (pieces: AsyncIterable<Uint8Array>, shown: string): Promise<void> => {
      made = await temporaryCopy(pieces, copyBytesMax, shown);
    };
    const response = await this.#download(plain(request, ask), options, keep, signal);
    if (made === undefined) return response;
    const copy: Copy = { ...made, name: nameOf(request.url), modified: modifiedAt(response) };
    await this.#copies.get(copy.hash)?.remove();
    this.#copies.set(copy.hash, copy);
    return copy;
  }

  async #remove(copy: Copy): Promise<void> {
    if (this.#copies.get(copy.hash) === copy) this.#copies.delete(copy.hash);
    await copy.remove();
  }

  async #otherContent(copy: Copy): Promise<Error> {
    await this.#remove(copy);
    return changed(copy.name, 'what is at its URL now is not what was there');
  }
}

const notModified = 304;

const askOf = (body = '{}'): FileAsk => JSON.parse(body) as FileAsk;

/** What is sent. A file that has not changed since it was read last is not asked for again. */
function plain({ method, url, headers }: ApiRequest, { from, at }: FileAsk): ApiRequest {
  const since =
    from === undefined || at !== undefined
      ? {}
      : { 'if-modified-since': new Date(instantMs(from)).toUTCString() };
  return { method, url, headers: { ...headers, ...since } };
}

const nameOf = (url: string): string => decodeURIComponent(new URL(url).pathname).replace(/^.*\//, '');

function modifiedAt({ headers }: ApiResponse): string | undefined {
  const ms = Date.parse(headers['last-modified'] ?? '');
  return Number.isNaN(ms) ? undefined : instantText(ms);
}
