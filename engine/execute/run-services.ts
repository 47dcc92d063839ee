import type { Allowance } from '../model/estimate.ts';
import type { Forgetting } from '../model/forget.ts';
import type { SourcePlan } from '../model/plan.ts';
import type {
  Artifacts,
  Clock,
  Connector,
  HttpClient,
  Limiter,
  Locks,
  Memory,
  Metrics,
  Progress,
  References,
  ResponseCache,
  Staging,
  Warehouse,
} from '../model/ports.ts';
import type { AppliedPlan, State } from '../model/state-port.ts';

/** Everything of the outside world that a run uses; made by the command line. */
export interface RunServices {
  readonly runId: string;
  readonly clock: Clock;
  readonly http: HttpClient;
  readonly limiter: Limiter;
  readonly cache: ResponseCache;
  /** Of this process alone: for replies with personal data, which are stored nowhere as they are received. */
  readonly ownCache: ResponseCache;
  readonly locks: Locks;
  readonly metrics?: Metrics;
  readonly references: References;
  readonly staging: Staging;
  readonly state: State;
  readonly memory: Memory;
  /** Who is forgotten: their records are dropped. */
  readonly forgetting?: Pick<Forgetting, 'known'>;
  readonly warehouse: Warehouse;
  readonly connectors: { readonly [name in SourcePlan['connector']]: Connector };
  readonly artifacts: Artifacts;
  readonly progress: Progress;
  readonly random: () => number;
  readonly signal: AbortSignal;
  /** Set where the plan is a whole one: it is noted as applied. */
  readonly applies?: Pick<AppliedPlan, 'nonce' | 'once'>;
  /** By `source.stream`; the others are read to their end. */
  readonly allowances?: ReadonlyMap<string, Allowance>;
  /** Set where replies hold tokens already in place of personal data: those of a recording do. */
  readonly tokenised?: true;
  /** Folder for load files. */
  readonly folder: string;
  readonly workers: number;
  /** Where a source is read: its own base URL, or the lab's. */
  baseUrl(source: SourcePlan): string;
  /** Where its tokens come from: its own token URL, or the lab's. Only asked of a source that has one. */
  tokenUrl(source: SourcePlan): string;
  /** The private key in PEM that signs for it: its own, or one made up for the lab. Only asked where `auth` is a JWT. */
  signingKey(source: SourcePlan): string;
}
