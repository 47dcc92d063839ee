import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { MappedRows } from '../../model/batch.ts';
import type { LoadUnit } from '../../model/ports.ts';

interface SpoolFile {
  readonly path: string;
  readonly descriptor: number;
  /** Streams side by side stage their pages as they come: least and greatest of those in the file. */
  firstPage: number;
  lastPage: number;
  rows: number;
}

/**
 * Load files written in the same pass as staging, so that rows need not be read back. They are a shortcut and no record:
 * a unit that no file holds exactly (an earlier run staged some of its pages, or writing failed) is made from staging.
 */
export class LoadSpool {
  readonly #folder: string;
  readonly #rowsMax: ReadonlyMap<string, number>;
  readonly #files = new Map<string, SpoolFile[]>();
  /** Mappings whose files could not be written. */
  readonly #broken = new Set<string>();

  /** `rowsMax` says, by mapping, how many rows a load may have. */
  constructor(folder: string, rowsMax: ReadonlyMap<string, number>) {
    this.#folder = folder;
    this.#rowsMax = rowsMax;
  }

  /** Adds the rows of a page that is staged. */
  add(page: number, { mapping, lines, count: rows, marks }: MappedRows): void {
    const count = rows + marks;
    if (count === 0 || this.#broken.has(mapping)) return;
    try {
      const file = this.#fileFor(mapping, page, count);
      for (let at = 0; at < lines.length; ) at += writeSync(file.descriptor, lines, at);
      file.firstPage = Math.min(file.firstPage, page);
      file.lastPage = Math.max(file.lastPage, page);
      file.rows += count;
    } catch {
      this.#abandon(mapping);
    }
  }

  /** The file that holds exactly the rows of a unit. */
  find({ mapping, firstPage, lastPage, rows, marks }: LoadUnit): string | undefined {
    if (this.#broken.has(mapping)) return undefined;
    const holds = (file: SpoolFile): boolean =>
      file.rows === rows + marks && file.firstPage >= firstPage && file.lastPage <= lastPage;
    return this.#files.get(mapping)?.find(holds)?.path;
  }

  close(): void {
    for (const { descriptor } of [...this.#files.values()].flat()) closeSync(descriptor);
  }

  /** What was written of a mapping is of no use, and on a full disk in the way of the files that are made from staging. */
  #abandon(mapping: string): void {
    this.#broken.add(mapping);
    for (const { path, descriptor } of this.#files.get(mapping) ?? []) {
      closeSync(descriptor);
      rmSync(path, { force: true });
    }
    this.#files.delete(mapping);
  }

  /** Files are cut where load units are: before the page that would make them too large. */
  #fileFor(mapping: string, page: number, count: number): SpoolFile {
    const files = this.#files.get(mapping) ?? [];
    const last = files.at(-1);
    if (last !== undefined && last.rows + count <= (this.#rowsMax.get(mapping) ?? 0)) return last;
    mkdirSync(this.#folder, { recursive: true });
    const path = join(this.#folder, `${mapping}-${page}.csv`);
    const made = { path, descriptor: openSync(path, 'w'), firstPage: page, lastPage: page, rows: 0 };
    this.#files.set(mapping, [...files, made]);
    return made;
  }
}
