/** When the endpoints that tell of quotas are asked again; one at a time. */
export class PollSchedule {
  readonly #nextMs = new Map<string, number>();
  #underWay: Promise<void> | undefined;

  /** Whether an endpoint is to be asked now. */
  isDue(path: string, nowMs: number): boolean {
    return nowMs >= (this.#nextMs.get(path) ?? nowMs);
  }

  /** Asks what is due, and lets everybody wait for it: what comes next should know the answer. */
  async ask(path: string, everyMs: number, now: () => number, work: () => Promise<void>): Promise<void> {
    while (this.#underWay !== undefined) await this.#underWay.catch(() => undefined);
    if (!this.isDue(path, now())) return;
    this.#underWay = work();
    try {
      await this.#underWay;
      this.#nextMs.set(path, now() + everyMs);
    } finally {
      this.#underWay = undefined;
    }
  }
}
