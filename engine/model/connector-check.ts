/** One thing that is looked at in a connector. */
export interface ConnectorCheck {
  readonly name: ConnectorCheckName;
  /** What is wrong; nothing where it passes. */
  readonly findings: readonly string[];
}

export type ConnectorCheckName =
  | 'schema'
  | 'description'
  | 'streams'
  | 'limits'
  | 'replies'
  | 'first load'
  | 'changes'
  | 'paging'
  | 'refusals'
  | 'secrets';

/** What running a connector in the lab has shown. */
export interface ConnectorFigures {
  readonly streams: number;
  /** Records that the lab had in the end. */
  readonly records: number;
  readonly requests: number;
  /** Requests that a limit of the lab refused. */
  readonly throttled: number;
  /** Records that are in no table, or not as they were last. */
  readonly lost: number;
  /** Rows that stand for a record that another row stands for, or for none. */
  readonly doubled: number;
}

export interface CheckedConnector {
  readonly connector: string;
  readonly passed: boolean;
  readonly checks: readonly ConnectorCheck[];
  /** Absent where it could not be run. */
  readonly figures?: ConnectorFigures;
}

/** A reply of a provider, as a connector has written it down, and what it is to be taken for. */
export interface ExampleReply {
  /** What it is, for people. */
  readonly name: string;
  readonly status: number;
  readonly headers: { readonly [header: string]: string };
  /** As it is sent. */
  readonly body: string;
  readonly class: string;
  /** Id of the limit that is meant. */
  readonly limit?: string;
}

/** What the tables are to hold after one of the runs, and what the API was to be asked for. */
export interface StreamExpectation {
  /** Record by its key: the value of its cursor, or an empty text. */
  readonly rows: ReadonlyMap<string, string>;
  /** How many records the run is to receive at most. */
  readonly receivedMax: number;
}
