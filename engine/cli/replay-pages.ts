import { gzipSync } from 'node:zlib';
import { accountStream } from '../model/accounts.ts';
import type { StreamPlan } from '../model/plan.ts';
import type { Staging } from '../model/ports.ts';
import type { Recording } from '../model/recording.ts';
import type { ReplayPages } from '../model/replay.ts';

/** The pages that runs in an environment have kept; of a stream without any, those that stand in `recordings/`. */
export async function keptOrRecorded(
  staging: Pick<Staging, 'pages' | 'keptPages'> | undefined,
  environment: string,
  recordings: readonly Recording[],
): Promise<ReplayPages> {
  const kept = (await staging?.keptPages()) ?? new Map();
  const keptOf = (stream: StreamPlan): number => kept.get(nameOf(stream))?.kept ?? 0;
  const recorded = (stream: StreamPlan) =>
    recordings.find((one) => one.stream === nameOf(stream))?.exchanges.filter(({ ending }) => !ending) ?? [];
  const origin = `the ledger of ${environment}`;
  return {
    origin: recordings.length === 0 ? origin : `${origin}, and recordings/ where it has no page`,
    count: async (stream) => keptOf(stream) || recorded(stream).length,
    async *pages(stream, pagesMax) {
      if (staging !== undefined && keptOf(stream) > 0) yield* staging.pages(stream, { newest: pagesMax });
      else
        for (const [at, { body }] of recorded(stream).slice(-pagesMax).entries())
          yield { id: at + 1, body: gzipSync(body) };
    },
  };
}

const nameOf = accountStream;
