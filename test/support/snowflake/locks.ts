import { SqlError } from './sql-error.ts';

const waitMaxMs = 30_000;
const pollMs = 5;

/** UPDATE, DELETE and MERGE lock their table until the transaction ends; others wait for it. */
export class TableLocks {
  readonly #held = new Map<string, number>();

  async take(table: string, session: number, queryId: string): Promise<void> {
    const until = Date.now() + waitMaxMs;
    while ((this.#held.get(table) ?? session) !== session) {
      if (Date.now() > until)
        throw new SqlError(
          '000625',
          '57014',
          `Statement '${queryId}' has waited for a lock of ${table} and was aborted.`,
        );
      await new Promise((resolve) => setTimeout(resolve, pollMs));
    }
    this.#held.set(table, session);
  }

  free(session: number): void {
    for (const [table, holder] of this.#held) if (holder === session) this.#held.delete(table);
  }
}
