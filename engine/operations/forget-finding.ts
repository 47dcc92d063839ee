import { accountStream } from '../model/accounts.ts';
import type { PageFailure, ParentValues } from '../model/batch.ts';
import { complaint, TerminalError } from '../model/errors.ts';
import type { ChildEraser, FoundRecords, RecordPlaces, StagedPlaces } from '../model/forget.ts';
import type { StreamPlan } from '../model/plan.ts';

/** What is found of a person while a stream is searched. */
export class Finding {
  readonly keys = new Set<string>();
  readonly texts = new Set<string>();
  /** Pages that could not be read as the stream is declared now. */
  readonly unread: number[] = [];
  /** What is asked for with their records, by the stream that does. */
  readonly parents = new Map<string, ParentValues[]>();
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
    for (const { stream, values } of found.parents) this.asked(stream, values);
  }

  asked(stream: StreamPlan, values: readonly ParentValues[]): void {
    const name = accountStream(stream);
    this.parents.set(name, [...(this.parents.get(name) ?? []), ...values]);
  }

  /** Whether or not a record of theirs is kept. */
  askedByName(children: readonly ChildEraser[]): void {
    for (const { stream, named } of children) if (named) this.asked(stream, [named]);
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
