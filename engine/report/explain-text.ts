import type { BoundView, Pace, StreamLimits } from '../model/budget-view.ts';
import type { ShapePlan } from '../model/plan.ts';
import type { FreezeStatus } from '../model/ports.ts';
import { durationText } from '../model/units.ts';
import { tableText } from './table.ts';
import { freezeText, waitText } from './waits-text.ts';

const head = ['limit', 'declared', 'used', 'is', 'burst', 'cost', 'per minute', 'now', 'next in'];
const right = [false, false, true, false, true, true, true, true, true];

/** Why a stream is as fast as it is, for people. */
export function explainText(explained: StreamLimits, nowMs: number): string {
  const { stream, domain, sources, path, limits, free } = explained;
  const others = sources.filter((source) => !stream.startsWith(`${source}.`));
  const shared = others.length > 0 ? `, shared with ${others.join(', ')}` : '';
  return [
    `${stream}: GET ${path}, budget ${domain}${shared}`,
    '',
    ...(limits.length === 0
      ? ['No limit binds it: requests leave as fast as they are answered.']
      : [tableText(head, limits.map(limitRow), right)]),
    ...(free.length > 0 ? ['', `Not bound by ${free.join(', ')}.`] : []),
    '',
    ...paceLines(explained),
    ...limits.flatMap(lossLines),
    ...explained.freezes.map((freeze) => freezeLine(freeze, domain, nowMs)),
    nextLine(explained),
    ...waitLines(explained),
  ].join('\n');
}

function limitRow(limit: BoundView): readonly string[] {
  const { id, partition, declared, used, shape, cost, costVaries } = limit;
  return [
    `${id}${partition === '' ? '' : ` [${partition}]`}`,
    declared,
    `${rounded(used * 100)} %`,
    shapeText(shape),
    shape.kind === 'bucket' ? String(shape.burst) : '',
    `${costVaries ? 'about ' : ''}${rounded(cost)}`,
    rateText(limit.perMinute),
    rateText(limit.nowPerMinute),
    limit.nextMs <= 0 ? '' : durationText(limit.nextMs),
  ];
}

/** What is used of a limit after headroom and share. */
function shapeText(shape: ShapePlan): string {
  switch (shape.kind) {
    case 'bucket':
      return bucketText(1_000_000 / shape.intervalUs);
    case 'sliding':
      return `${shape.count.toLocaleString('en-US')} in any ${durationText(shape.windowUs / 1000)}`;
    case 'fixed': {
      const { calendar } = shape;
      const per =
        calendar.unit === undefined ? durationText(calendar.everyMs) : `${calendar.unit} (${calendar.zone})`;
      return `${shape.count.toLocaleString('en-US')} per ${per}`;
    }
    case 'concurrency':
      return `${shape.count} at once`;
  }
}

/** A rate in the unit in which it is not a small fraction. */
function bucketText(perSecond: number): string {
  if (perSecond >= 0.1) return `${rounded(perSecond)}/s`;
  return perSecond * 60 >= 0.1 ? `${rounded(perSecond * 60)}/min` : `${rounded(perSecond * 3600)}/h`;
}

const rounded = (value: number): string =>
  value.toLocaleString(
    'en-US',
    value >= 1000 ? { maximumFractionDigits: 0 } : { maximumSignificantDigits: 3 },
  );

const rateText = (perMinute: number | undefined): string =>
  perMinute === undefined ? '' : rounded(perMinute);

function paceLines({ steady, first, now }: StreamLimits): readonly string[] {
  if (steady === undefined) return [];
  const pace = ({ perMinute, decidedBy }: Pace): string =>
    `${rounded(perMinute)} requests per minute: \`${decidedBy}\` decides`;
  return [
    `In the long run at most ${pace(steady)}.`,
    ...(first !== undefined && first.perMinute > steady.perMinute
      ? [
          `In the first minute, after a pause, at most ${rounded(first.perMinute)}: \`${first.decidedBy}\` decides.`,
        ]
      : []),
    ...(now !== undefined && now.perMinute < steady.perMinute ? [`As things stand now, ${pace(now)}.`] : []),
  ];
}

function lossLines({ id, rateFactor, drift }: BoundView): readonly string[] {
  return [
    ...(rateFactor < 1
      ? [
          `\`${id}\` was throttled: ${rounded(rateFactor * 100)} % of its rate is used, and more again with time.`,
        ]
      : []),
    ...(drift !== undefined && drift > 0
      ? [`Others use ${rounded(drift * 100)} % of \`${id}\`, by what replies say.`]
      : []),
  ];
}

const freezeLine = (freeze: FreezeStatus, domain: string, nowMs: number): string =>
  `${freeze.limit === undefined ? `The budget ${domain}` : `\`${freeze.limit}\``} is frozen until ${freezeText(freeze, nowMs)}.`;

function nextLine({ next }: StreamLimits): string {
  if (next.ms === undefined) return 'No request leaves until somebody thaws it: see `etl limits thaw`.';
  if (next.ms <= 0) return 'The next request can leave now.';
  const why = next.decidedBy === 'freeze' ? 'the freeze ends then' : `\`${next.decidedBy}\` decides`;
  return `The next request can leave in ${durationText(next.ms)}: ${why}.`;
}

function waitLines({ stream, weight, priority, waiting, others }: StreamLimits): readonly string[] {
  if (waiting.length + others.length === 0) return ['Nobody waits for this budget.'];
  const order = `(weight ${rounded(weight)}, priority ${priority})`;
  return [
    ...waiting.map((one) => `${stream} ${order} is ${waitText(one)}.`),
    ...others.map((one) => `${one.stream} is ${waitText(one)}, too.`),
  ];
}
