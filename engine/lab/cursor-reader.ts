import type * as config from '../model/config.ts';
import type { TerminalError } from '../model/errors.ts';
import { knownPath, valueAt } from '../model/path.ts';
import { labError } from './complain.ts';
import { type CursorKey, expectedText, recordKey } from './cursor.ts';
import { rawAt } from './raw-json.ts';

/**
 * Takes the cursor key out of a record. `json` is the record's text, `where` names it in messages.
 * @throws TerminalError when the value at the path is not of the cursor's type
 */
export type CursorReader = (record: unknown, json: string, where: string) => CursorKey;

const shown = (value: unknown): string =>
  value === undefined ? 'nothing' : JSON.stringify(value).slice(0, 80);

/** The complaint about a record whose cursor value is not of the cursor's type. */
export const badCursor = (cursor: config.Cursor, value: unknown, where: string): TerminalError =>
  labError(
    'badCursor',
    `${where}: the cursor ${cursor.field} is ${shown(value)}`,
    `Every record of this stream needs ${expectedText(cursor, 'record')} there, since the lab serves by it.`,
  );

/** A reader of a stream's cursor. */
export function cursorReader(cursor: config.Cursor): CursorReader {
  const path = knownPath(cursor.field);
  return (record, json, where) => {
    const value = valueAt(record, path);
    const key = recordKey(cursor, value, () => rawAt(json, path) ?? '');
    if (key === undefined) throw badCursor(cursor, value, where);
    return key;
  };
}
