import { join } from 'node:path';
import { type FileAsk, type FilePlace, nextHeader } from '../../model/ask.ts';
import type { ApiRequest, ApiResponse } from '../../model/batch.ts';
import type { HttpOptions } from '../../model/ports.ts';
import { changed, noFile } from './failures.ts';
import { compare, described, type FoundFile, listed } from './listing.ts';
import { OpenFiles } from './open-files.ts';
import { originOf } from './slices.ts';

/** Files below the project's folder, or anywhere on this machine. */
export class LocalFiles {
  readonly #project: string;
  readonly #open = new OpenFiles();

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

  close(): Promise<void> {
    return this.#open.close();
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
    const slice = await this.#open.page(file, ask, place, bytesMax);
    await unchanged(folder, place);
    const next = slice.next ?? (await followingPlace(folder, ask, file));
    return {
      headers: next === undefined ? {} : { [nextHeader]: JSON.stringify({ at: next }) },
      body: slice.body,
      origin: originOf(place, slice.line, file.modified),
    };
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
