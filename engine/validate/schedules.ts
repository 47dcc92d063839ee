import { Cron } from 'croner';
import type * as config from '../model/config.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import type { SourceDocument } from '../model/project.ts';
import { durationText, parseDuration } from '../model/units.ts';
import type { Entries } from './entries.ts';
import { below, complain, valuePlace } from './places.ts';
import { zoneMistake } from './zones.ts';

const code = 'ETL0258';

interface Declared {
  readonly schedule?: string;
  readonly freshness?: config.Freshness;
}

/** What is wrong with the schedules of streams, and with what all of them inherit. */
export function scheduleMistakes({
  sources,
  project,
  projectDocument,
}: ScheduleEntries): readonly Diagnostic[] {
  const inherited = project?.defaults?.stream ?? {};
  return [
    ...(projectDocument === undefined ? [] : mistakes(projectDocument, '/defaults/stream', inherited)),
    ...sources.flatMap(({ document, config }) =>
      Object.entries(config?.streams ?? {}).flatMap(([name, stream]) =>
        mistakes(document, `/streams/${name}`, stream, inherited),
      ),
    ),
  ];
}

interface ScheduleEntries {
  readonly sources: Entries['sources'];
  readonly project: Entries['project'];
  readonly projectDocument: SourceDocument | undefined;
}

function mistakes(
  document: SourceDocument,
  pointer: string,
  own: Declared,
  inherited: Declared = {},
): readonly Diagnostic[] {
  const { schedule } = own;
  const wrong = schedule === undefined ? [] : cronMistakes(document, below(pointer, 'schedule'), schedule);
  return wrong.length > 0 ? wrong : sloMistakes(document, pointer, own, inherited);
}

function cronMistakes(document: SourceDocument, pointer: string, schedule: string): readonly Diagnostic[] {
  const [, cron, zone] = /^(.+) in (\S+)$/.exec(schedule) ?? [];
  if (cron === undefined || zone === undefined) return [];
  const wrongZone = zoneMistake(document, pointer, zone);
  if (wrongZone.length > 0) return wrongZone;
  const why = cronMistake(cron);
  if (why === undefined) return [];
  return [
    complain(code, valuePlace(document, pointer), `\`${cron}\` is no cron expression that ever comes true`, {
      label: why,
      help: ['Five fields: minute, hour, day of the month, month, day of the week.'],
    }),
  ];
}

function cronMistake(cron: string): string | undefined {
  try {
    const next = new Cron(cron, { timezone: 'UTC', mode: '5-part', paused: true }).nextRun();
    return next === null ? 'there is no such day' : undefined;
  } catch (error) {
    return error instanceof Error ? error.message.replace(/^Cron\w+: /, '') : String(error);
  }
}

/** A record that comes just after a run waits for the next one: no interval may be as long as what is promised. */
function sloMistakes(
  document: SourceDocument,
  pointer: string,
  own: Declared,
  inherited: Declared,
): readonly Diagnostic[] {
  const { schedule, freshness } = { ...inherited, ...own };
  const every = /^every (\S+)$/.exec(schedule ?? '')?.[1];
  if (every === undefined || freshness === undefined) return [];
  const [everyMs, sloMs] = [parseDuration(every), parseDuration(freshness.slo)];
  if (everyMs < sloMs) return [];
  const at =
    own.schedule === undefined ? below(below(pointer, 'freshness'), 'slo') : below(pointer, 'schedule');
  if (own.schedule === undefined && own.freshness === undefined) return [];
  return [
    {
      ...complain(
        code,
        valuePlace(document, at),
        `\`${schedule}\` cannot keep \`freshness.slo: ${freshness.slo}\``,
        {
          label: `a record may wait ${durationText(everyMs)} for the next run`,
          help: [
            `Read it more often: \`every ${shorter(sloMs)}\` leaves time for the run itself and for one that fails.`,
          ],
        },
      ),
      severity: 'warning',
    },
  ];
}

/** A third of it, in whole units. */
function shorter(sloMs: number): string {
  const seconds = Math.max(1, Math.floor(sloMs / 3000));
  if (seconds < 60) return `${seconds}s`;
  return seconds < 7200 ? `${Math.floor(seconds / 60)}m` : `${Math.floor(seconds / 3600)}h`;
}
