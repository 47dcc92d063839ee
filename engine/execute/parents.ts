import { accountStream } from '../model/accounts.ts';
import type { ParentPlace } from '../model/batch.ts';
import type { StreamPlan } from '../model/plan.ts';
import type { Staging } from '../model/ports.ts';
import type { WorkerPool } from './worker-pool.ts';

/** Finds the parents of a stream whose children are to be read: those of kept pages behind a place, in batches. */
export const parentsOf = (stream: StreamPlan, staging: Staging, pool: WorkerPool) =>
  async function* parents(after: ParentPlace): AsyncGenerator<ParentPlace> {
    const { parent, source, account } = stream;
    if (parent === undefined) return;
    const read = { source, account, name: parent.stream };
    for await (const { id, body } of staging.pages(read, { from: after.page })) {
      const found = await pool.parents({ program: accountStream(stream), page: id, body });
      const values = found.slice(id === after.page ? after.behind : 0);
      const begun = found.length - values.length;
      for (let at = 0; at < values.length; at += parent.batch) {
        const batch = values.slice(at, at + parent.batch);
        yield { page: id, behind: begun + at + batch.length, values: batch };
      }
    }
  };
