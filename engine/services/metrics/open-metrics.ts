import type { Counter, Gauge, Histogram, Meter } from '@opentelemetry/api';
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { type IMetricReader, MeterProvider } from '@opentelemetry/sdk-metrics';
import type { Diagnostic } from '../../model/diagnostic.ts';
import { assert, complaint, TerminalError } from '../../model/errors.ts';
import type { MetricsPlan } from '../../model/plan.ts';
import type { MetricLabels, Metrics } from '../../model/ports.ts';
import { type Instrument, instruments, publicName } from './instruments.ts';
import { otlpReader } from './otlp-reader.ts';

export interface MetricsOptions {
  /** With references resolved. */
  readonly plan: MetricsPlan;
  /** What every figure is about, such as `service.version`. */
  readonly about: MetricLabels;
  /** Told when a collector cannot be reached. */
  complain(diagnostic: Diagnostic): void;
}

/** Longest that closing takes: a collector that does not answer holds nobody up. */
const closeMsMax = 4000;

/**
 * Metrics for Prometheus, an OpenTelemetry collector, or both. Neither keeps the process alive.
 * @throws TerminalError when the endpoint for Prometheus cannot be opened: monitoring that is lost in silence is worse
 * than a run that does not start.
 */
export async function openMetrics({ plan, about, complain }: MetricsOptions): Promise<Metrics> {
  const readers: IMetricReader[] = [];
  if (plan.prometheus) readers.push(await prometheusReader(plan.prometheus));
  if (plan.otlp) readers.push(otlpReader({ ...plan.otlp, complain }));
  const provider = new MeterProvider({
    resource: resourceFromAttributes({ 'service.name': 'sluice', ...about }),
    readers,
  });
  const meter = provider.getMeter('sluice');
  const made = new Map(instruments.map((one) => [one.name, makeInstrument(meter, one)]));
  const find = <Kind extends Made['kind']>(name: string, kind: Kind, labels: MetricLabels) => {
    const found = made.get(name);
    assert(found?.kind === kind, `metrics/instruments.ts has the ${kind} ${name}`);
    const strange = Object.keys(labels).find((label) => !found.labels.includes(label));
    assert(strange === undefined, `the metric ${name} has the label ${strange}`);
    return found as Extract<Made, { kind: Kind }>;
  };
  return {
    add: (name, value, labels) => find(name, 'counter', labels).instrument.add(value, { ...labels }),
    record: (name, value, labels) => find(name, 'histogram', labels).instrument.record(value, { ...labels }),
    set: (name, value, labels) => find(name, 'gauge', labels).instrument.record(value, { ...labels }),
    close: () => provider.shutdown({ timeoutMillis: closeMsMax }).catch(() => {}),
  };
}

type Made = { readonly labels: readonly string[] } & (
  | { readonly kind: 'counter'; readonly instrument: Counter }
  | { readonly kind: 'histogram'; readonly instrument: Histogram }
  | { readonly kind: 'gauge'; readonly instrument: Gauge }
);

function makeInstrument(meter: Meter, declared: Instrument): Made {
  const { kind, unit, help, bounds, labels } = declared;
  const name = publicName(declared);
  const options = { description: help, unit };
  switch (kind) {
    case 'counter':
      return { kind, labels, instrument: meter.createCounter(name, options) };
    case 'gauge':
      return { kind, labels, instrument: meter.createGauge(name, options) };
    case 'histogram': {
      const advice = bounds && { advice: { explicitBucketBoundaries: [...bounds] } };
      return { kind, labels, instrument: meter.createHistogram(name, { ...options, ...advice }) };
    }
  }
}

async function prometheusReader({
  host,
  port,
}: NonNullable<MetricsPlan['prometheus']>): Promise<IMetricReader> {
  const exporter = new PrometheusExporter({
    host,
    port,
    withoutScopeInfo: true,
    preventServerStart: true,
  });
  try {
    await exporter.startServer();
  } catch (error) {
    throw new TerminalError(unopened(host, port, error as NodeJS.ErrnoException), error);
  }
  return exporter;
}

function unopened(host: string, port: number, { code, message }: NodeJS.ErrnoException): Diagnostic {
  const why = code === 'EADDRINUSE' ? 'another process listens there' : message;
  return complaint(
    'ETL0907',
    `metrics cannot be served on ${host}:${port}: ${why}`,
    'Two runs at once need a port each, or one collector: see `metrics.otlp`.',
    'Say another `metrics.prometheus.port`; without `metrics` nothing is served.',
  );
}
