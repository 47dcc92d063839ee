import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type MappedPage, type MappedRows, type StagedValue, stagedMeta } from '../../model/batch.ts';
import { assert } from '../../model/errors.ts';
import { loadLine } from '../../model/load-file.ts';
import type { MappingPlan } from '../../model/plan.ts';
import { keysName } from './relisted.ts';

/** A load file of what one mapping makes of a listing; keys of blocked rows stand in it with an empty hash. */
export class ListedFile {
  readonly mapping: MappingPlan;
  readonly path: string;
  rows = 0;
  filtered = 0;
  blocked = 0;
  readonly #file: FileHandle;

  static async create(path: string, mapping: MappingPlan): Promise<ListedFile> {
    await mkdir(dirname(path), { recursive: true });
    return new ListedFile(path, mapping, await open(path, 'w'));
  }

  private constructor(path: string, mapping: MappingPlan, file: FileHandle) {
    this.path = path;
    this.mapping = mapping;
    this.#file = file;
  }

  async add({ rows }: MappedPage): Promise<void> {
    const made = rows.find(({ mapping }) => mapping === this.mapping.name);
    const keys = rows.find(({ mapping }) => mapping === keysName(this.mapping.name));
    assert(made && keys, 'a page has the rows and the keys of every mapping that is listed');
    const blocked = made.blocked.length === 0 ? [] : blockedLines(this.mapping, made, keys);
    await this.#file.appendFile(made.lines);
    await this.#file.appendFile(blocked.join(''));
    this.rows += made.count + blocked.length;
    this.filtered += made.filtered;
    this.blocked += made.blocked.length;
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}

const place = (ordinal: StagedValue, index: StagedValue): string => `${ordinal}/${index}`;

/** The rows of which nothing is known but their key. One whose key itself is bad has none. */
function blockedLines(mapping: MappingPlan, { blocked }: MappedRows, keys: MappedRows): readonly string[] {
  const places = new Set(blocked.map(({ ordinal, index }) => place(ordinal, index)));
  const keyed = mapping.properties.filter(({ name }) => mapping.key.includes(name));
  const width = 1 + keyed.length + stagedMeta.length;
  const lines: string[] = [];
  for (let at = 0; at < keys.values.length; at += width) {
    const value = (position: number): StagedValue => keys.values[at + position] ?? null;
    const meta = (name: (typeof stagedMeta)[number]): StagedValue =>
      name === '_hash' ? '' : value(1 + keyed.length + stagedMeta.indexOf(name));
    if (!places.has(place(meta('_ordinal'), meta('_index')))) continue;
    const own = mapping.properties.map((property) => {
      const position = keyed.indexOf(property);
      return position === -1 ? null : value(1 + position);
    });
    lines.push(loadLine([value(0), ...own, ...stagedMeta.map(meta)]));
  }
  return lines;
}
