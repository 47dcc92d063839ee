import type { ApiRequest, PageFacts } from '../../engine/model/batch.ts';
import { complaint, TerminalError } from '../../engine/model/errors.ts';
import type { StreamPlan } from '../../engine/model/plan.ts';

/** Where pages are counted, nothing else tells an end that an API does not know of. */
const emptyMax = 20;

/**
 * Recognises a listing that never ends: a next request that was made before (Brent's cycle detection, so that one
 * remembered request is enough), the same records twice in a row, or more pages than the stream may have.
 */
export class LoopGuard {
  readonly #stream: StreamPlan;
  #remembered: string | undefined;
  #rememberUntil = 1;
  /** Of this listing, before the page at hand. */
  #pages = 0;
  /** In a row, up to the page at hand. */
  #empty = 0;
  #bodyHash: string | undefined;

  constructor(stream: StreamPlan) {
    this.#stream = stream;
  }

  /** Whether the listing may have another page. */
  get allowsMore(): boolean {
    return this.#pages + 1 < this.#stream.pagesMax;
  }

  /** A page of the listing, and the request after it; without one the listing ends, and another one may begin. */
  check(number: number, facts: PageFacts, next: ApiRequest | undefined): void {
    if (next === undefined) {
      this.#begin();
      return;
    }
    // A token may stand in a header, or in a request that a job has to locate first.
    const asked = `${next.url} ${next.body ?? ''} ${JSON.stringify(next.at?.page ?? {})}`;
    if (asked === this.#remembered)
      this.#stop('ETL0405', number, 'its next page is one that was read before');
    if (facts.records > 0 && facts.bodyHash === this.#bodyHash && this.#stream.paginate.type !== 'none') {
      this.#stop('ETL0405', number, 'it holds the same records as the page before');
    }
    this.#countEmpty(number, facts);
    if (!this.allowsMore) {
      this.#stop('ETL0406', number, `a listing may have at most ${this.#stream.pagesMax} pages`);
    }
    this.#bodyHash = facts.bodyHash;
    this.#pages += 1;
    if (this.#pages === this.#rememberUntil) {
      this.#remembered = asked;
      this.#rememberUntil *= 2;
    }
  }

  #countEmpty(number: number, { records }: PageFacts): void {
    this.#empty = records === 0 ? this.#empty + 1 : 0;
    if (this.#empty === emptyMax && this.#stream.paginate.type === 'page') {
      this.#stop('ETL0405', number, `${emptyMax} pages in a row have no records, and yet more are to follow`);
    }
  }

  #begin(): void {
    this.#remembered = undefined;
    this.#rememberUntil = 1;
    this.#pages = 0;
    this.#empty = 0;
    this.#bodyHash = undefined;
  }

  #stop(code: string, number: number, what: string): never {
    const { source, name } = this.#stream;
    throw new TerminalError(
      complaint(
        code,
        `the listing of ${source}.${name} does not end: at page ${number} ${what}`,
        'The pages read so far are staged; the window stays open.',
        code === 'ETL0406'
          ? 'If the stream really has more pages, raise its `pagesMax`.'
          : 'Check `paginate`: the token or link may need another parameter, or the API repeats its last page.',
      ),
    );
  }
}
