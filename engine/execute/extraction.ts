import { assert } from '../model/errors.ts';
import type { ExtractStep, Plan } from '../model/plan.ts';
import type { Position } from '../model/ports.ts';
import { checkedBaseUrl } from './extract/base-url.ts';
import { Channels } from './extract/channels.ts';
import type { Extraction, ExtractServices } from './extract/extract.ts';
import { credentialsOf } from './extract/tokens/credentials-of.ts';
import type { StreamAccount } from './run-ledger.ts';
import type { RunServices } from './run-services.ts';
import type { WorkerPool } from './worker-pool.ts';

/** What every extraction of a run shares. */
interface Plumbing {
  readonly plan: Plan;
  readonly services: RunServices;
  readonly channels: Channels;
  readonly pool: WorkerPool;
}

/** What the streams of each source share, its token among it. */
export function channels({ environment, tokenKey }: Plan, services: RunServices): Channels {
  const kept = { environment, ...(tokenKey !== undefined && { tokenKey }) };
  return new Channels((source) => credentialsOf(source, { ...services, ...kept }));
}

/** What a step's extraction needs: its source where it is read now, and a worker for each page. */
export function extraction(
  { plan, services, channels, pool }: Plumbing,
  { id, stream }: ExtractStep,
  position: Position,
  counts: Pick<StreamAccount, 'meter' | 'lookupMeter' | 'cacheCounts'>,
  own: Pick<ExtractServices, 'signal' | 'lookupSignal' | 'pageId'>,
): Extraction {
  const source = plan.sources[stream.source];
  assert(source, `the plan has the source of ${id}`);
  const program = `${stream.source}.${stream.name}`;
  return {
    stream,
    source: { ...source, baseUrl: checkedBaseUrl(source, services.baseUrl(source)) },
    position,
    meter: counts.meter,
    lookupMeter: counts.lookupMeter,
    cacheCounts: counts.cacheCounts,
    scope: [plan.project, plan.environment],
    services: {
      ...services,
      ...own,
      channels,
      connector: services.connectors[source.connector],
      map: (page, body, from, look) =>
        pool.map({ program, page, body, ...(from !== undefined && { from }) }, look),
    },
  };
}
