import { accountStream, defaultAccount } from '../model/accounts.ts';
import type { MappedRows } from '../model/batch.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import { complaint } from '../model/errors.ts';
import type { MappingPlan, Plan, StreamPlan } from '../model/plan.ts';
import type { ListingBegun, StagedPage } from '../model/ports.ts';
import type { RunLedger } from './run-ledger.ts';
import type { RunServices } from './run-services.ts';
import type { WorkerPool } from './worker-pool.ts';

/** The parts of a run that find out what a listing lacks. */
export interface Listing {
  readonly plan: Plan;
  readonly services: RunServices;
  readonly ledger: RunLedger;
  readonly pool: WorkerPool;
  readonly spool: { add(page: number, rows: MappedRows): void };
}

/** A whole listing that has been read to its end. */
interface EndedListing extends ListingBegun {
  /** Of the step. */
  readonly id: string;
  /** The stream that lists what is gone. */
  readonly gone: StreamPlan;
  /** Of what rows leave, when it is gone. */
  readonly mappings: readonly string[];
  /** What was to be said of it. */
  readonly found: readonly Diagnostic[];
}

/** Records that one page lists as gone, at most. */
const goneMax = 10_000;

/** Lists as gone what a listing lacks, unless that is too much, or the listing was short: then nothing is. */
export async function lackingGone(ended: EndedListing, run: Listing): Promise<readonly Diagnostic[]> {
  const mappings = ended.mappings.flatMap((name) => run.plan.mappings[name] ?? []);
  const tooMany = await excess(ended, mappings, run);
  // An API that announced more than it listed has left something out.
  const isShort = ended.found.some(({ code }) => code === 'ETL0419');
  if (tooMany.length > 0 || isShort) return tooMany;
  for (const mapping of mappings) await bury(ended, mapping, run);
  return [];
}

const thresholdOf = ({ deletes }: MappingPlan): number =>
  deletes?.listing?.threshold ?? deletes?.sweep?.threshold ?? 0;

/** A listing that was short looks like one from which much is gone. */
async function excess(
  { id, gone, ...begun }: EndedListing,
  mappings: readonly MappingPlan[],
  { services: { staging } }: Listing,
): Promise<readonly Diagnostic[]> {
  const found: Diagnostic[] = [];
  for (const mapping of mappings) {
    const { known, unseen } = await staging.unseen(mapping, gone.account, begun, 0);
    if (unseen > known * thresholdOf(mapping))
      found.push(tooManyGone(id, mapping, gone.account, { known, unseen }));
  }
  return found;
}

const counted = (count: number): string => count.toLocaleString('en-US');

function tooManyGone(
  id: string,
  mapping: MappingPlan,
  account: string,
  { known, unseen }: { readonly known: number; readonly unseen: number },
): Diagnostic {
  const { name, deletes } = mapping;
  const isReplaced = deletes?.listing !== undefined;
  return complaint(
    'ETL0470',
    `${id} no longer finds ${counted(unseen)} of ${counted(known)} records of ${name}, more than ${thresholdOf(mapping) * 100} %`,
    `Nothing${account === defaultAccount ? '' : ` of the account ${account}`} ${isReplaced ? 'is loaded' : 'was deleted'}: a listing that ended early looks the same.`,
    `If these records really are gone, raise \`threshold\` ${isReplaced ? `below \`load\` of ${name}` : 'of the sweep'}; otherwise check \`paginate\` and the filters of the request.`,
  );
}

/** Lists what was not seen as gone, page by page. A record that one page lists is no longer unseen. */
async function bury(
  { gone, ...begun }: EndedListing,
  mapping: MappingPlan,
  { services, ledger, pool, spool }: Listing,
): Promise<void> {
  const { staging, runId: run } = services;
  const program = accountStream(gone);
  const cursorKey = mapping.versionedBy ?? 'cursor';
  for (;;) {
    const { records } = await staging.unseen(mapping, gone.account, begun, goneMax);
    if (records.length === 0) return;
    const id = await staging.reservePages(1);
    const listed = records.map(({ record, cursor }) => ({ record, [cursorKey]: cursor }));
    const page = { program, page: id, body: Buffer.from(JSON.stringify(listed)) };
    const { body, rows } = await pool.map(page).mapped;
    const staged: StagedPage = {
      id,
      run,
      request: { method: 'GET', url: `/${gone.name}`, headers: {} },
      status: 200,
      records: records.length,
      bodyHash: `${gone.name} ${id}`,
      body,
      rows,
      position: { shape: gone.shape },
    };
    await staging.commit(gone, [staged]);
    for (const one of rows) {
      ledger.mapped(one);
      spool.add(id, one);
    }
  }
}
