import type { Severity } from './diagnostic.ts';

/** What a Blocker is about: one record, or what kept a step of a run from being done. */
export const blockerKinds = ['record', 'stream', 'limit', 'auth', 'schema', 'load'] as const;

export type BlockerKind = (typeof blockerKinds)[number];

/**
 * `open` waits for a person; `retried` fits now and waits for the next load, or for the next run of its step; `resolved`
 * is done; `waived` stays as it is, since somebody said so.
 */
export const blockerStatuses = ['open', 'retried', 'resolved', 'waived'] as const;

export type BlockerStatus = (typeof blockerStatuses)[number];

/** Something that a person must decide. */
export interface Blocker {
  readonly id: number;
  readonly kind: BlockerKind;
  /** Of the diagnostic that explains it. */
  readonly code: string;
  readonly severity: Severity;
  readonly source: string;
  readonly account: string;
  /** `source.stream`. */
  readonly stream: string;
  /** Empty for what concerns a whole stream. */
  readonly mapping: string;
  /** The first kept page that it was seen on. */
  readonly page: number | null;
  /** Position of the record in that page. */
  readonly ordinal: number | null;
  /** Position of the element in the record. */
  readonly index: number | null;
  /** Primary key of the record, as text. */
  readonly record: string;
  readonly property: string;
  readonly reason: string;
  /** The value as received, or what the API answered; personal data in it is tokens, and secrets are hidden. */
  readonly value: string;
  readonly status: BlockerStatus;
  readonly owner: string;
  /** The last one; the history has all. */
  readonly note: string;
  /** The run that has seen it last. */
  readonly run: string;
  /** The step that it stopped; empty for a record. */
  readonly step: string;
  /** How often it was seen. */
  readonly seen: number;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  readonly updatedAt: string;
}

/** A problem as it is found, before it is known whether a Blocker is open for it. */
export type Problem = Pick<
  Blocker,
  'kind' | 'code' | 'source' | 'account' | 'stream' | 'mapping' | 'property' | 'reason' | 'value' | 'step'
>;

/** A line of the audit trail. */
export interface BlockerEvent {
  readonly at: string;
  readonly event:
    | 'opened'
    | 'assigned'
    | 'noted'
    | 'overridden'
    | 'retried'
    | 'resolved'
    | 'waived'
    | 'reopened';
  /** A person's name, or `run ID`. */
  readonly actor: string;
  readonly detail: string;
}

/** Which Blockers: all that is said must hold. */
export interface BlockerFilter {
  readonly ids?: readonly number[];
  readonly mapping?: string;
  /** `source.stream`, or `source.stream@account` for one account alone. */
  readonly stream?: string;
  readonly account?: string;
  readonly code?: string;
  readonly kind?: BlockerKind;
  readonly status?: BlockerStatus;
  readonly owner?: string;
  readonly record?: string;
}

/** What a person does with a Blocker. */
export type BlockerChange =
  | { readonly event: 'assigned'; readonly owner: string }
  | { readonly event: 'noted'; readonly note: string }
  | { readonly event: 'overridden'; readonly detail: string }
  | { readonly event: 'retried'; readonly detail: string }
  | { readonly event: 'waived'; readonly reason: string };

/** How a mapping stands before it is loaded. */
export interface Standing {
  /** Open Blockers of its records. */
  readonly open: number;
  /** Rows under them among what is not loaded yet. */
  readonly blockedRows: number;
  /** Rows staged and not loaded yet, those not counted. */
  readonly stagedRows: number;
}

/** The Blockers of a staging database. */
export interface Blockers {
  /**
   * Opens a Blocker for each problem of a step. One that is open for the same problem (kind, code, stream, mapping, record
   * and property) is updated instead.
   */
  raise(problems: readonly Problem[], run: string): Promise<void>;
  /** Resolves what these steps, which have succeeded now, had opened. */
  settle(steps: readonly string[], run: string): Promise<void>;
  /** Newest first, as many as asked for. */
  find(filter: BlockerFilter, limit: number): Promise<readonly Blocker[]>;
  count(filter: BlockerFilter): Promise<number>;
  /** The audit trail, oldest first. */
  history(id: number): Promise<readonly BlockerEvent[]>;
  /** Kept pages on which each of these was seen, in order. */
  pages(ids: readonly number[]): Promise<ReadonlyMap<number, readonly number[]>>;
  /** Does what a person has decided. A record that is waived no longer holds later versions back. */
  change(ids: readonly number[], change: BlockerChange, actor: string): Promise<void>;
  standing(mapping: string): Promise<Standing>;
}
