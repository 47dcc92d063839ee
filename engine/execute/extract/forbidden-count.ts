const windowMs = 60_000;
const forbiddenMax = 3;

/** Counts refusals that nobody has explained. Several in a minute look like a ban, and asking on makes that longer. */
export class ForbiddenCount {
  #atMs: readonly number[] = [];

  /** Notes one; true when there were enough of them to stop everybody. It then begins anew. */
  note(nowMs: number): boolean {
    this.#atMs = [...this.#atMs.filter((at) => at > nowMs - windowMs), nowMs];
    if (this.#atMs.length < forbiddenMax) return false;
    this.#atMs = [];
    return true;
  }
}
