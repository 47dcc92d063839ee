import type { AskedScope, AuditScope } from '../../model/audit.ts';
import { cursorText } from '../../model/batch.ts';
import { complaint, RefusedError } from '../../model/errors.ts';
import { parseInstant } from '../../model/instant.ts';
import type { CursorPlan, StreamPlan } from '../../model/plan.ts';

/** The scope as the ledger of one stream has it. @throws RefusedError (exit 3) when a bound is no value of its cursor */
export function scopeIn(stream: StreamPlan, { run, window }: AskedScope): AuditScope {
  const [from, to] = window === undefined ? [] : boundsOf(stream, window);
  return {
    ...(run !== undefined && { run }),
    ...(from !== undefined && { from }),
    ...(to !== undefined && { to }),
  };
}

/** The bounds of `FROM..TO`, normalised; each may be left out. */
function boundsOf(stream: StreamPlan, window: string): readonly (string | undefined)[] {
  const [from = '', to = ''] = window.split('..');
  return [from, to].map((text) => (text === '' ? undefined : bound(stream, text)));
}

function bound(stream: StreamPlan, text: string): string {
  const { cursor } = stream;
  if (cursor === undefined)
    throw refused(stream, text, 'The stream has no cursor, and so no windows: audit it without `--window`.');
  const value = canonicalOf(cursor, text);
  if (value === undefined) throw refused(stream, text, `Its cursor is ${expected[cursor.type]}.`);
  return cursorText(cursor.type, value);
}

const expected = {
  timestamp: 'a timestamp: write a date, or an instant with a zone such as 2026-01-31T08:00:00Z',
  integer: 'an integer',
  string: 'a text',
} as const;

function canonicalOf({ type }: CursorPlan, text: string): string | undefined {
  if (type === 'string') return text;
  if (type === 'integer') return /^-?\d+$/.test(text) ? text : undefined;
  return parseInstant(/^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00:00Z` : text);
}

const refused = ({ source, name }: StreamPlan, text: string, help: string): RefusedError =>
  new RefusedError('invalid', [
    complaint('ETL1020', `\`${text}\` is no bound of a window of ${source}.${name}`, help),
  ]);

/** A selector that matches nothing is a mistake. */
export const nothingThere = ({ run, window }: AskedScope): RefusedError =>
  new RefusedError('invalid', [
    complaint(
      'ETL1021',
      `the ledger has no page ${run === undefined ? '' : `of run ${run}`}${window === undefined ? '' : ` in the window ${window}`}`.trimEnd(),
      'Runs are named in their reports, and as folders of `.etl/runs/`.',
    ),
  ]);
