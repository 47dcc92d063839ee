import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-http';
import {
  type MetricReader,
  PeriodicExportingMetricReader,
  type PushMetricExporter,
  type ResourceMetrics,
} from '@opentelemetry/sdk-metrics';
import type { Diagnostic } from '../../model/diagnostic.ts';

/** Longest that the collector is waited for. */
const timeoutMs = 3000;

/** What a collector answered. The package that declares the type is one that we do not use otherwise. */
type Exported = Parameters<Parameters<PushMetricExporter['export']>[1]>[0];

export interface OtlpOptions {
  readonly url: string;
  readonly everyMs: number;
  complain(diagnostic: Diagnostic): void;
}

/** Sends all figures to a collector now and then. The first time in a row that it cannot, it says so; the run goes on. */
export function otlpReader({ url, everyMs, complain }: OtlpOptions): MetricReader {
  const otlp = new OTLPMetricExporter({ url, timeoutMillis: timeoutMs });
  let failing = false;
  const heard = ({ code, error }: Exported): void => {
    const failed = code !== 0;
    if (failed && !failing) complain(unsent(url, error));
    failing = failed;
  };
  const exporter: PushMetricExporter = {
    // A failure is told here, and not to the reader: that would print it in words of its own.
    export: (metrics: ResourceMetrics, done) =>
      otlp.export(metrics, (result) => {
        heard(result);
        done({ code: 0 });
      }),
    forceFlush: () => otlp.forceFlush(),
    shutdown: () => otlp.shutdown(),
    selectAggregation: (type) => otlp.selectAggregation(type),
    selectAggregationTemporality: (type) => otlp.selectAggregationTemporality(type),
  };
  return new PeriodicExportingMetricReader({
    exporter,
    exportIntervalMillis: everyMs,
    exportTimeoutMillis: Math.min(timeoutMs, everyMs),
  });
}

const unsent = (url: string, error: Error | undefined): Diagnostic => ({
  code: 'ETL0908',
  severity: 'warning',
  summary: `the collector at ${withoutSecrets(url)} does not take metrics: ${error?.message ?? 'it did not say why'}`,
  help: ['The run goes on, and later figures hold all that these said. Check `metrics.otlp.url`.'],
});

/** A URL may hold a password or a token. */
function withoutSecrets(url: string): string {
  if (!URL.canParse(url)) return 'its address';
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname}`;
}
