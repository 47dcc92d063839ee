import { accountStream } from '../model/accounts.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import { complaint } from '../model/errors.ts';
import type { RemapStep } from '../model/plan.ts';
import type { References } from '../model/ports.ts';
import type { CheckReport } from '../model/run-report.ts';

/** A check that does not hold. */
export const failedCheck = ({ mapping, check, severity, found }: CheckReport): Diagnostic => ({
  ...complaint(
    'ETL0610',
    `the check ${check} of ${mapping} fails: ${found}`,
    severity === 'error'
      ? 'The mapping is not loaded; its rows stay staged.'
      : 'It is a warning: the mapping is loaded.',
  ),
  severity: severity === 'error' ? 'error' : 'warning',
});

/** An API that does not know a parameter often ignores it: an incremental run silently becomes a full one. */
export const ignoredFilter = (
  stream: string,
  outside: number,
  received: number,
  carrier: string,
): Diagnostic => ({
  ...complaint(
    'ETL0416',
    `${outside} of ${received} records of ${stream} are older than was asked for`,
    `The API seems to ignore ${carrier}: check \`cursor.from\` and \`cursor.format\`. Nothing is lost, but every run reads everything.`,
  ),
  severity: 'warning',
});

/** The policy of a mapping keeps it from being loaded. */
export const tooManyBlocked = (mapping: string, why: string): Diagnostic =>
  complaint(
    'ETL0611',
    `${mapping} is not loaded: ${why}`,
    'Its rows stay staged, and staging goes on. `blockers` of the mapping says where to stop.',
    `\`etl blockers --mapping ${mapping}\` lists what is open; once there is less, the next run loads all of it.`,
  );

/** Kept pages that hold no records where the stream now looks for them. */
export const pagesLeftOut = ({ stream, mapping }: RemapStep, pages: number): Diagnostic => ({
  ...complaint(
    'ETL0418',
    `${pages} kept ${pages === 1 ? 'page' : 'pages'} of ${accountStream(stream)} could not be mapped again for ${mapping}`,
    'They were fetched when the stream was declared otherwise. It is read anew, so what the API still has comes back.',
  ),
  severity: 'warning',
});

/** Pages whose responses retention has let go. */
export const pagesDropped = ({ stream, mapping, dropped }: RemapStep): Diagnostic => ({
  ...complaint(
    'ETL0633',
    `${dropped} ${dropped === 1 ? 'page' : 'pages'} of ${accountStream(stream)} cannot be mapped again for ${mapping}: the ${dropped === 1 ? 'response is' : 'responses are'} no longer kept`,
    'Records that were last seen in them stay in the table as an earlier version of the mapping has made them, or are missing where the mapping is new.',
    `\`etl state reset ${accountStream(stream)}\` reads the stream anew; \`staging.keep\` says how long responses are kept.`,
  ),
  severity: 'warning',
});

/** Staging was restored from a backup, and agrees with the warehouse again. */
export const reconciled = (reason: string, pages: number): Diagnostic => ({
  ...complaint(
    'ETL0634',
    'the staging database was restored from an older backup, or lost; it agrees with the warehouse again',
    `Found: ${reason}.`,
    `${pages} kept ${pages === 1 ? 'page' : 'pages'} counted as loaded. Records that are read again change nothing in the warehouse unless they have changed.`,
  ),
  severity: 'warning',
});

/** NDJSON and CSV do not show where they end. */
export const unprovenPages = (stream: string, pages: number): Diagnostic => ({
  ...complaint(
    'ETL0454',
    `nothing tells whether ${pages === 1 ? 'a response' : `${pages} responses`} of ${stream} came whole`,
    'It has neither a length nor an end of its own: had the connection been cut at a line end, it would look the same.',
    'Where a header says how many records there are, name it: `rowCount: {header: …}`.',
  ),
  severity: 'warning',
});

/** The last of a stream's polls that brought nothing, and how many did not. */
export const failedPolls = (last: Diagnostic, polls: number): Diagnostic => ({
  ...last,
  help: polls === 1 ? last.help : [`It is the last of ${polls} polls that failed.`, ...last.help],
});

/** An API may repeat a credential in its answer: what is printed and kept shows none. */
export const redacted = (diagnostic: Diagnostic, { redact }: References): Diagnostic => ({
  ...diagnostic,
  summary: redact(diagnostic.summary),
  help: diagnostic.help.map(redact),
});

/** A cache that is down costs requests, and nothing else. */
export const unansweredCache = (times: number): readonly Diagnostic[] =>
  times === 0
    ? []
    : [
        {
          ...complaint(
            'ETL0449',
            `the cache did not answer ${times.toLocaleString('en')} ${times === 1 ? 'time' : 'times'}`,
            'What it may have held was asked from the API instead. Check `redis.url` of the environment, and whether Redis runs.',
          ),
          severity: 'warning',
        },
      ];
