import type { AlertPlan } from '../model/alert.ts';
import type * as config from '../model/config.ts';
import type { MetricsPlan } from '../model/plan.ts';
import { parseDuration } from '../model/units.ts';

const pagerdutyUrl = 'https://events.pagerduty.com/v2/enqueue';

/** Who is told what. */
export const compileAlert = ({
  to,
  url,
  key,
  on,
  age,
  deviation,
  every,
  owners,
}: config.Alert): AlertPlan => ({
  to,
  url: url ?? pagerdutyUrl,
  ...(key !== undefined && { key }),
  on: on ?? ['blocker', 'auth_failure', 'run_failed'],
  ageMs: parseDuration(age ?? '24h'),
  deviation: deviation ?? 4,
  everyMs: parseDuration(every ?? '5m'),
  ...(owners && { owners }),
});

/** Where figures go. */
export const compileMetrics = ({ prometheus, otlp }: config.MetricsSettings): MetricsPlan => ({
  ...(prometheus && {
    prometheus: { host: prometheus.host ?? '127.0.0.1', port: prometheus.port ?? 9464 },
  }),
  ...(otlp && { otlp: { url: otlp.url, everyMs: parseDuration(otlp.every ?? '10s') } }),
});
