import type { Staging } from '../model/ports.ts';
import type { ReplayPages } from '../model/replay.ts';

/** The pages that runs in an environment have kept. */
export async function ledgerPages(
  staging: Pick<Staging, 'pages' | 'keptPages'>,
  environment: string,
): Promise<ReplayPages> {
  const kept = await staging.keptPages();
  return {
    origin: `the ledger of ${environment}`,
    count: async ({ source, name }) => kept.get(`${source}.${name}`)?.kept ?? 0,
    pages: (stream, pagesMax) => staging.pages(stream, { newest: pagesMax }),
  };
}

/** Where no run was made, nothing was kept. */
export const noPages = (environment: string): ReplayPages => ({
  origin: `the ledger of ${environment}`,
  count: async () => 0,
  pages: async function* () {},
});
