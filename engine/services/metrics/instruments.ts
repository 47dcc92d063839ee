/** Something that is measured, as Prometheus and OpenTelemetry are told of it. */
export interface Instrument {
  /** What the engine calls it. */
  readonly name: string;
  readonly kind: 'counter' | 'histogram' | 'gauge';
  /** In the notation of UCUM: `s`, `{permit}`, `1`. */
  readonly unit: string;
  readonly help: string;
  /** Labels that it may have; each costs a series for each value. */
  readonly labels: readonly string[];
  /** Upper bounds of a histogram's buckets, in its unit. */
  readonly bounds?: readonly number[];
}

/** Everything that is measured. A name or label that is not here is a mistake of ours. */
export const instruments: readonly Instrument[] = [
  {
    name: 'permits',
    kind: 'counter',
    unit: '{permit}',
    help: 'Permits granted.',
    labels: ['domain', 'limit', 'stream'],
  },
  {
    name: 'wait_seconds',
    kind: 'histogram',
    unit: 's',
    help: 'How long requests waited for their permits, by the limit that made them wait longest.',
    labels: ['domain', 'stream', 'bound_by'],
    bounds: [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900],
  },
  {
    name: 'binding',
    kind: 'counter',
    unit: '{permit}',
    help: 'Permits that waited, by the limit that made them.',
    labels: ['domain', 'limit'],
  },
  {
    name: 'utilisation',
    kind: 'gauge',
    unit: '1',
    help: 'What is used up of a limit, between 0 and 1.',
    labels: ['domain', 'limit'],
  },
  {
    name: 'throttled',
    kind: 'counter',
    unit: '{reply}',
    help: 'Replies that refused a request.',
    labels: ['source', 'class', 'status'],
  },
  {
    name: 'freeze_seconds',
    kind: 'counter',
    unit: 's',
    help: 'For how long budgets were frozen.',
    labels: ['domain', 'cause'],
  },
  {
    name: 'late_permits',
    kind: 'counter',
    unit: '{permit}',
    help: 'Permits that were not used, since the process came too late for them.',
    labels: ['domain'],
  },
  {
    name: 'drift',
    kind: 'gauge',
    unit: '1',
    help: 'What others use of a limit by what replies say, between 0 and 1.',
    labels: ['domain', 'limit'],
  },
  {
    name: 'rate_factor',
    kind: 'gauge',
    unit: '1',
    help: 'What throttles have left of the rate, between 0 and 1.',
    labels: ['domain', 'limit'],
  },
  {
    name: 'store_seconds',
    kind: 'histogram',
    unit: 's',
    help: 'Round trips to the store of the budgets.',
    labels: ['domain'],
    bounds: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1],
  },
  {
    name: 'age_seconds',
    kind: 'gauge',
    unit: 's',
    help: 'How long ago the API was as the tables made of a stream are.',
    labels: ['stream'],
  },
  {
    name: 'late',
    kind: 'gauge',
    unit: '1',
    help: 'Whether a stream is older than its freshness.slo: 0 or 1.',
    labels: ['stream'],
  },
  { name: 'runs', kind: 'counter', unit: '{run}', help: 'Runs of etl serve.', labels: ['status'] },
  { name: 'pages', kind: 'counter', unit: '{page}', help: 'Pages staged.', labels: ['stream'] },
  { name: 'rows', kind: 'counter', unit: '{row}', help: 'Rows staged.', labels: ['stream'] },
  {
    name: 'cache',
    kind: 'counter',
    unit: '{reply}',
    help: 'Requests of what may be cached, by what came of it: hit, revalidated or miss.',
    labels: ['stream', 'result'],
  },
];

/** The name that people see: `sluice_permits_total`. */
export const publicName = ({ name, kind }: Instrument): string =>
  `sluice_${name}${kind === 'counter' ? '_total' : ''}`;
