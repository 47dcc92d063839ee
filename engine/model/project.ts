import type { AccountSource } from './accounts.ts';
import type * as config from './config.ts';
import type { Place } from './diagnostic.ts';
import type { ReferencePlan } from './plan.ts';

/** What a file of the project holds, as read: its value and where every node of it stands. */
export interface SourceDocument {
  /** Relative to the project folder, with `/`. */
  readonly file: string;
  readonly value: unknown;
  /** Places by JSON pointer (`/streams/orders/records`). */
  readonly nodes: ReadonlyMap<string, NodePlaces>;
  /** Whose it is, where it is a source as one of its accounts has it. */
  readonly account?: string;
}

export interface NodePlaces {
  readonly value: Place;
  /** Where the node's key stands; absent for elements of arrays and for the root. */
  readonly key?: Place;
  /** A scalar that YAML reads otherwise than it is written. */
  readonly trap?: Trap;
}

/** `written` is the scalar's source text, `read` what YAML makes of it. */
export interface Trap {
  readonly kind: 'trailing_zero' | 'leading_zero' | 'large_integer' | 'other_base';
  readonly written: string;
  readonly read: string;
}

/** A file with an error in it: `text` is absent where not even that is known. */
export interface UnreadFile {
  readonly file: string;
  readonly text?: string;
}

/** A template of the project that takes the place of one of the package. */
export interface ProjectTemplate {
  /** Relative to the project folder, with `/`. */
  readonly file: string;
  readonly dialect: string;
  readonly name: string;
  /** Whose statements it is for; absent where it is for all. */
  readonly mapping?: string;
  readonly text: string;
}

/** The connectors that come with the package. */
export interface ConnectorFiles {
  /** Absolute; each connector has a folder of its name in it. */
  readonly folder: string;
  readonly packaged: readonly string[];
  /** `connector.yml` of those that sources name, where it could be read. */
  readonly documents: ReadonlyMap<string, SourceDocument>;
}

/** The files of a project folder: what `read` hands to `validate` and `compile`. */
export interface ProjectFiles {
  /** Absolute. */
  readonly folder: string;
  readonly documents: readonly SourceDocument[];
  /** Files that belong to the project and could not be read; nobody knows what they declare. */
  readonly unread: readonly UnreadFile[];
  /** What schema.json holds. */
  readonly schema: unknown;
  /** Text of every warehouse template by `dialect/name`, such as `duckdb/merge`. */
  readonly templates: { readonly [name: string]: string };
  readonly ownTemplates: readonly ProjectTemplate[];
  readonly connectors: ConnectorFiles;
}

/** A valid project in one environment: variables and defaults are filled in, references are not. */
export interface Project {
  readonly folder: string;
  readonly name: string;
  readonly environment: string;
  readonly staging: config.StagingSettings;
  readonly warehouse: config.WarehouseSettings;
  readonly redis?: config.RedisSettings;
  readonly metrics?: config.MetricsSettings;
  /** What must be proven before a plan is performed. */
  readonly requires?: config.Requirements;
  readonly audit?: config.AuditSettings;
  readonly plans?: config.PlanSettings;
  readonly alerts?: readonly config.Alert[];
  /** Reference to the key that encrypts tokens which are kept. */
  readonly tokenKey?: string;
  /** Reference to the key that encrypts kept responses. */
  readonly pageKey?: string;
  readonly piiKey?: string;
  /** Each with what its connector says; one that has accounts stands here as the first of them has it. */
  readonly sources: readonly config.Source[];
  /** By source, in their order; absent where no source names accounts. See `accountsOf`. */
  readonly accounts?: { readonly [source: string]: readonly AccountSource[] };
  /** Absolute folder of the connector of each source that has one, by the name of the source. */
  readonly connectorFolders: { readonly [source: string]: string };
  readonly mappings: readonly config.Mapping[];
  readonly tests: readonly config.Test[];
  readonly overrides: readonly config.Overrides[];
  /** What comparisons leave out. */
  readonly parity?: readonly config.Parity[];
  /** `${env:…}` and `${file:…}` with the place that names each first, by the file they stand in. */
  readonly references: readonly ReferencePlan[];
  readonly templates: { readonly [name: string]: string };
  readonly ownTemplates: readonly ProjectTemplate[];
}
