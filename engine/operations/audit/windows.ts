import { accountStream } from '../../model/accounts.ts';
import type { OddWindow, WindowLedger } from '../../model/audit.ts';
import { cursorValue } from '../../model/batch.ts';
import type { Diagnostic } from '../../model/diagnostic.ts';
import { complaint } from '../../model/errors.ts';
import type { StreamPlan } from '../../model/plan.ts';
import { carrierOf } from '../../model/request-template.ts';

/** What the windows of a stream brought otherwise than was asked for, or was announced. */
export function windowFindings(stream: StreamPlan, { odd }: WindowLedger): readonly Diagnostic[] {
  return odd.flatMap((window) => [
    ...(window.outside > 0 ? [ignored(stream, window)] : []),
    ...(window.total === undefined ? [] : [short(stream, window, window.total)]),
    ...(window.clamped === undefined ? [] : [clamped(stream, window, window.clamped)]),
    ...(window.lostPages > 0 ? [lost(stream, window)] : []),
  ]);
}

const warning = (diagnostic: Diagnostic): Diagnostic => ({ ...diagnostic, severity: 'warning' });

const nameOf = ({ source, name }: StreamPlan, { account }: OddWindow): string =>
  accountStream({ source, name, account });

const which = ({ cursor }: StreamPlan, { pages, run, from }: OddWindow): string => {
  const begins =
    from === undefined || cursor === undefined ? '' : `, which begins at ${cursorValue(cursor.type, from)}`;
  return `It is the window of pages ${pages.first} to ${pages.last}${begins}, of run ${run}.`;
};

const ignored = (stream: StreamPlan, window: OddWindow): Diagnostic =>
  warning(
    complaint(
      'ETL0416',
      `${window.outside} of ${window.received} records of ${nameOf(stream, window)} are older than was asked for`,
      which(stream, window),
      `The API seems to ignore ${carrierOf(stream.request, 'cursor.from')}: check \`cursor.from\` and \`cursor.format\`. Nothing is lost, but every run reads everything.`,
    ),
  );

const short = (stream: StreamPlan, window: OddWindow, total: number): Diagnostic =>
  warning(
    complaint(
      'ETL0419',
      `the API says that ${nameOf(stream, window)} has ${total} records, and listed ${window.received}`,
      which(stream, window),
      'Records may have been deleted while the listing was read, or the total counts what the list hides. `etl audit --source` compares the keys.',
    ),
  );

const clamped = (stream: StreamPlan, window: OddWindow, most: number): Diagnostic =>
  warning(
    complaint(
      'ETL0426',
      `no page of ${nameOf(stream, window)} has more than ${most} records, though more were asked for and more followed`,
      which(stream, window),
      `The API seems to clamp the page size. Nothing is lost: a short page does not end a listing. Declare \`size: ${most}\`, so that plans tell how many requests there are.`,
    ),
  );

const lost = (stream: StreamPlan, window: OddWindow): Diagnostic =>
  complaint(
    'ETL1017',
    `${window.lostPages} of the pages of ${nameOf(stream, window)} ${window.lostPages === 1 ? 'is' : 'are'} gone from the ledger`,
    which(stream, window),
    'Nobody can say what they held. `etl audit --source` compares the keys with the source.',
  );
