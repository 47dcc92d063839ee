import {
  type ApiRequest,
  type ApiResponse,
  cursorValue,
  type ParentBatch,
  type ParentPlace,
  type RequestPlace,
} from '../../engine/model/batch.ts';
import type { SourcePlan, StreamPlan } from '../../engine/model/plan.ts';
import type { ConnectorSession, FetchedPage } from '../../engine/model/ports.ts';
import { jobPlace, nextFile } from './job.ts';
import { firstPlace, nextBranch } from './place.ts';
import { requestAt } from './request.ts';

type Next = (response: ApiResponse) => ApiRequest | undefined;

/**
 * The listings that a window is made of, one after the other: of slices, partitions, or parents. Of parents the first
 * pages of the next few are asked for at the same time.
 */
export class Branches<Fetched extends FetchedPage> {
  readonly #stream: StreamPlan;
  readonly #source: SourcePlan;
  readonly #session: ConnectorSession<Fetched>;
  readonly #ahead: { readonly request: ApiRequest; readonly page?: Promise<Fetched> }[] = [];
  #parents: AsyncIterator<ParentBatch> | undefined;
  #begun = false;
  #claimed: { readonly request: ApiRequest; readonly page?: Promise<Fetched> } | undefined;

  constructor(stream: StreamPlan, source: SourcePlan, session: ConnectorSession<Fetched>) {
    this.#stream = stream;
    this.#source = source;
    this.#session = session;
  }

  /** The first request of a new window; undefined where there is nothing to ask for. */
  async first(): Promise<ApiRequest | undefined> {
    const { from } = this.#session;
    if (this.#stream.parent === undefined) return this.#firstOf({}, from);
    const page = from === undefined ? 0 : Number(cursorValue('integer', from));
    return this.#nextParent({ page, behind: Number.MAX_SAFE_INTEGER, values: [] });
  }

  /** The request with which an open window goes on: that of its next page, or the first one for the parent of it. */
  resumed(): ApiRequest | undefined {
    const { request, again } = this.#session.resume ?? {};
    if (again === undefined || request?.at?.parent === undefined) return request;
    return this.#firstOf({ parent: request.at.parent }, request.at.from);
  }

  /** The first request of the next branch; undefined at the end of the window. */
  async after({ at }: ApiRequest): Promise<ApiRequest | undefined> {
    if (at === undefined) return undefined;
    const file = nextFile(this.#stream, this.#source, { at });
    if (file !== undefined) return file;
    const place = nextBranch(this.#stream, at);
    if (place !== undefined) return this.#at(place);
    return at.parent && this.#nextParent(at.parent);
  }

  /** The page of a request, which may have been asked for already. */
  fetch(request: ApiRequest, next: Next): Promise<Fetched> {
    this.#begun = true;
    const claimed = this.#claimed;
    this.#claimed = undefined;
    if (claimed?.request === request && claimed.page !== undefined) return claimed.page;
    return this.#session.fetch(request, next);
  }

  /** Lets go of what was asked for and is not wanted any more. */
  async close(): Promise<void> {
    await this.#parents?.return?.();
  }

  async #nextParent(after: ParentPlace): Promise<ApiRequest | undefined> {
    this.#parents ??= this.#session.parents(after)[Symbol.asyncIterator]();
    const parallel = this.#stream.parent?.parallel ?? 1;
    // The first page comes alone: nothing is asked for beside a window that may not even begin.
    while (this.#ahead.length < (this.#begun ? parallel : 1)) {
      const { value, done } = await this.#parents.next();
      if (done === true) break;
      this.#ahead.push(this.#started(this.#firstOf({ parent: value.parent }, value.from)));
    }
    this.#claimed = this.#ahead.shift();
    return this.#claimed?.request;
  }

  #started(request: ApiRequest): { readonly request: ApiRequest; readonly page?: Promise<Fetched> } {
    // Neither is a job made before its turn: who is killed would make it twice.
    if (!this.#begun || this.#stream.job !== undefined) return { request };
    const page = this.#session.fetch(request);
    // Whoever claims it learns of a failure.
    page.catch(() => {});
    return { request, page };
  }

  #firstOf(of: Pick<RequestPlace, 'parent'>, from: string | undefined): ApiRequest {
    return this.#at({ ...firstPlace(this.#stream, from, this.#session.now()), ...of });
  }

  #at(place: RequestPlace): ApiRequest {
    return requestAt(this.#stream, this.#source, jobPlace(this.#stream, place));
  }
}
