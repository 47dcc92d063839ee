import type { Plan } from '../model/plan.ts';
import type { Metrics, References } from '../model/ports.ts';
import { diagnosticText } from '../report/diagnostic-text.ts';
import { noMetrics } from '../services/metrics/no-metrics.ts';
import { version } from './package.ts';
import { colored } from './terminal.ts';

/** Where the plan sends its figures. @throws TerminalError when they cannot be served. */
export async function metricsOf(plan: Plan, run: string, references: References): Promise<Metrics> {
  const { metrics, project, environment } = plan;
  if (metrics === undefined) return noMetrics;
  const { openMetrics } = await import('../services/metrics/open-metrics.ts');
  const { otlp, ...rest } = metrics;
  return openMetrics({
    plan: { ...rest, ...(otlp && { otlp: { ...otlp, url: references.resolve(otlp.url) } }) },
    about: {
      'service.version': version,
      'sluice.project': project,
      'sluice.environment': environment,
      'sluice.run': run,
    },
    complain: (diagnostic) =>
      void process.stderr.write(`${diagnosticText(diagnostic, colored(process.stderr))}\n\n`),
  });
}
