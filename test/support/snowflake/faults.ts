/** What goes wrong, and with which statements. */
export interface Fault {
  /** Statements whose text fits; every statement without it. */
  readonly on?: RegExp;
  readonly kind:
    | '503'
    /** The session's token has expired: the client renews it and asks again. */
    | '390112'
    /** The session is gone for good. */
    | '390114'
    | '390104'
    /** The answer is to be asked for later: 333333. */
    | 'slow'
    | 'drop before'
    | 'drop after'
    /** Runs until it is cancelled or its time is up. */
    | 'hang'
    | 'timeout'
    | 'error';
  /** Once if not said. */
  readonly times?: number;
  /** How many statements that fit go through before. */
  readonly after?: number;
  /** For `slow`. */
  readonly forMs?: number;
  /** For `error`. */
  readonly code?: string;
  readonly sqlState?: string;
  readonly message?: string;
}

interface Waiting {
  readonly fault: Fault;
  toSkip: number;
  left: number;
}

/** Faults that are still to come, in the order they were asked for. */
export class Faults {
  #waiting: Waiting[] = [];
  #uploads: ('503' | 'cut')[] = [];

  add(fault: Fault): void {
    this.#waiting.push({ fault, toSkip: fault.after ?? 0, left: fault.times ?? 1 });
  }

  /** The next uploads to the bucket are cut in the middle, or answered with 503. */
  addUpload(kind: '503' | 'cut', times: number): void {
    this.#uploads.push(...Array.from({ length: times }, () => kind));
  }

  clear(): void {
    this.#waiting = [];
    this.#uploads = [];
  }

  /** The fault that a statement meets now. */
  next(sql: string): Fault | undefined {
    for (const one of this.#waiting) {
      if (one.left === 0 || !(one.fault.on?.test(sql) ?? true)) continue;
      if (one.toSkip > 0) {
        one.toSkip -= 1;
        continue;
      }
      one.left -= 1;
      return one.fault;
    }
    return undefined;
  }

  refusesUpload(): boolean {
    return this.#uploads[0] === '503' && this.#uploads.shift() === '503';
  }

  cutsUpload(): boolean {
    return this.#uploads[0] === 'cut' && this.#uploads.shift() === 'cut';
  }
}
