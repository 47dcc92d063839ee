import type { Alert, AlertPlan } from '../../model/alert.ts';
import type { RunReport } from '../../model/run-report.ts';

/** Blockers that a message holds, at most. */
const blockersMax = 100;

export interface Message {
  readonly alert: Alert;
  readonly report: RunReport;
  /** Of a PagerDuty service. */
  readonly key: string;
}

/** What is sent, in the form that its place takes. */
export function payloadOf(to: AlertPlan['to'], message: Message): object {
  switch (to) {
    case 'slack':
      return slack(message);
    case 'pagerduty':
      return pagerduty(message);
    case 'webhook':
      return webhook(message);
  }
}

function webhook({ alert, report }: Message): object {
  const { event, severity, isOver, title, lines, blockers } = alert;
  const { project, environment, run } = report;
  return {
    ...{ project, environment, run, event, severity, over: isOver, title, lines },
    blockers: blockers.slice(0, blockersMax),
  };
}

const marks = { info: ':white_check_mark:', warning: ':warning:', error: ':rotating_light:' } as const;

/** `&`, `<` and `>` are Slack's own. */
const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

const slack = ({ alert }: Message): object => ({
  text: [
    `${marks[alert.severity]} *${escaped(alert.title)}*`,
    ...alert.lines.map((line) => `• ${escaped(line)}`),
  ].join('\n'),
});

/** Characters of a summary. */
const summaryMax = 1024;

const pagerduty = ({ alert, report, key }: Message): object => ({
  routing_key: key,
  event_action: alert.isOver ? 'resolve' : 'trigger',
  dedup_key: `sluice/${report.project}/${report.environment}/${alert.event}`,
  payload: {
    summary: alert.title.slice(0, summaryMax),
    source: `sluice ${report.project}/${report.environment}`,
    severity: alert.severity,
    timestamp: report.finishedAt,
    custom_details: { run: report.run, lines: alert.lines },
  },
});
