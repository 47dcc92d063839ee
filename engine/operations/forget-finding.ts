import type { PageFailure } from '../model/batch.ts';
import { complaint, TerminalError } from '../model/errors.ts';
import type { FoundRecords, RecordPlaces, StagedPlaces } from '../model/forget.ts';

/** What is found of a person while a stream is searched. */
export class Finding {
  readonly keys = new Set<string>();
  readonly texts = new Set<string>();
  /** Pages that could not be read as the stream is declared now. */
  readonly unread: number[] = [];
  readonly #places = new Map<number, Set<number>>();

  page(page: number, found: FoundRecords | PageFailure): void {
    if ('transient' in found) {
      if (found.code === 'ETL0540')
        throw new TerminalError(complaint(found.code, found.summary, ...found.help));
      this.unread.push(page);
      return;
    }
    this.place({ page, ordinals: found.ordinals });
    for (const key of found.keys) this.keys.add(key);
    for (const text of found.texts) this.texts.add(text);
  }

  staged({ keys, ...place }: StagedPlaces): void {
    this.place(place);
    for (const key of keys) this.keys.add(key);
  }

  place({ page, ordinals }: RecordPlaces): void {
    if (ordinals.length === 0) return;
    this.#places.set(page, new Set([...(this.#places.get(page) ?? []), ...ordinals]));
  }

  /** Later pages first. */
  places(): readonly RecordPlaces[] {
    const all = [...this.#places].map(([page, ordinals]) => ({ page, ordinals: [...ordinals] }));
    return all.sort((a, b) => b.page - a.page);
  }
}
