/** Retries that a run begins with, so that its first requests may fail, too. */
const free = 10;
const retriesMax = 100;

/** What a source may be asked again: a few times, and a share of what it answered well. An API in trouble needs fewer requests. */
export class RetryBudget {
  readonly #share: number;
  #retries = free;

  constructor(share: number) {
    this.#share = share;
  }

  /** A request was answered well. */
  earn(): void {
    this.#retries = Math.min(retriesMax, this.#retries + this.#share);
  }

  /** Takes one retry; false when none is left. */
  spend(): boolean {
    // Ten shares of 0.2 add up to a little less than 2.
    if (this.#retries < 1 - 1e-9) return false;
    this.#retries = Math.max(0, this.#retries - 1);
    return true;
  }

  /** The sentence for people when none is left. */
  usedUp(source: string): string {
    const share = `${Math.round(this.#share * 1000) / 10}%`;
    return `The retries of ${source} are used up: ${free}, and ${share} of the requests that were answered well (\`retryBudget\`).`;
  }
}
