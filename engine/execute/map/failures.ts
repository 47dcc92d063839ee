import type { PageFailure } from '../../model/batch.ts';
import { pathText } from '../../model/path.ts';
import type { Path } from '../../model/plan.ts';
import { ExactNumber, stringifyExact } from './exact-json.ts';
import { cut } from './invalid.ts';
import { jsonFault } from './json-fault.ts';

/** Characters of a body or of an error object that a message quotes. */
const quotedMax = 200;

/** Keys of an object that a message lists. */
const keysMax = 12;

const failure = (code: string, summary: string, ...help: string[]): PageFailure => ({
  code,
  summary,
  help,
  transient: false,
});

const passing = (code: string, summary: string, ...help: string[]): PageFailure => ({
  ...failure(code, summary, ...help),
  transient: true,
});

/** Whether a result is the failure of a page. */
export const isPageFailure = (result: object): result is PageFailure => 'transient' in result;

/** For a kept page that its key does not open. */
export const sealedPage = (stream: string, page: number): PageFailure =>
  failure(
    'ETL0540',
    `${stream}: the kept page ${page} cannot be decrypted`,
    'It was encrypted with another `pageKey`, or it is damaged.',
    'Set the `pageKey` that it was kept with; or read the stream anew.',
  );

export const emptyBody = (stream: string): PageFailure =>
  passing('ETL0501', `${stream}: the response is empty`, 'Expected JSON. The request is tried again.');

export const notUtf8 = (stream: string): PageFailure =>
  failure(
    'ETL0505',
    `${stream}: the response is not UTF-8`,
    'JSON is UTF-8 by definition. Ask the API for it with an `Accept` or `Accept-Charset` header under `headers`.',
  );

/** For a body that JSON.parse refuses. What may hold records is not quoted: it may be personal data. */
export function notJson(stream: string, text: string): PageFailure {
  const start = text.trimStart();
  if (start.startsWith('<')) return markup(stream, start, 'JSON');
  const fault = jsonFault(text);
  if (fault.kind === 'cut short') {
    return passing(
      'ETL0503',
      `${stream}: the JSON ends in the middle, after ${text.length} characters`,
      'The connection was closed early or the API broke off. The request is tried again.',
    );
  }
  if (!/^[[{"]/.test(start)) {
    return failure(
      'ETL0504',
      `${stream}: the response is not JSON`,
      `It begins with: ${JSON.stringify(cut(start, quotedMax))}`,
      'Check `path` and the `Accept` header of the stream.',
    );
  }
  const lines =
    fault.kind === 'surplus' ? 'It goes on behind the end of the JSON: one document a page is expected.' : '';
  return failure(
    'ETL0504',
    `${stream}: the JSON is malformed at ${placeOf(text, fault.at)}`,
    ...(lines === '' ? [] : [lines]),
    'The API sends something that no JSON parser reads; its provider must mend it.',
  );
}

/** For XML and HTML where something else was to come. */
export function markup(stream: string, start: string, wanted: string): PageFailure {
  if (!/^<(?:!doctype html|html|head|body|!--)/i.test(start)) {
    return failure(
      'ETL0502',
      `${stream}: the response is XML, not ${wanted}`,
      `Ask for ${wanted} with an \`Accept\` header.`,
    );
  }
  const title = /<title[^>]*>([^<]*)/i.exec(start)?.[1]?.trim();
  return failure(
    'ETL0502',
    `${stream}: the response is an HTML page, not ${wanted}`,
    ...(title ? [`Its title is ${JSON.stringify(cut(title, quotedMax))}.`] : []),
    'It may be a login page or a proxy’s notice: check `auth`, `baseUrl` and `path`.',
  );
}

function placeOf(text: string, at: number): string {
  const before = text.slice(0, at).split('\n');
  return `line ${before.length}, column ${(before.at(-1) ?? '').length + 1}`;
}

export const tooDeep = (stream: string): PageFailure =>
  failure(
    'ETL0513',
    `${stream}: the response nests too deeply`,
    'Objects and arrays in each other have no end here.',
  );

/** For a `records` path that leads to no array. */
export function noRecords(stream: string, path: Path, response: unknown, found: unknown): PageFailure {
  const wanted = path.segments.length === 0 ? 'the response itself' : `\`${pathText(path)}\``;
  const error = errorBody(stream, response, `Expected an array of records at ${wanted}.`);
  if (error !== undefined) return error;
  return failure(
    'ETL0506',
    `${stream}: no array of records at ${wanted}, found ${found === undefined ? 'nothing' : kindOf(found)}`,
    `The response is ${described(response)}.`,
    'Set `records` to the path of the array.',
  );
}

/** For a response that tells of an error; undefined for every other. */
export function errorBody(stream: string, response: unknown, ...help: string[]): PageFailure | undefined {
  const complaint = errorIn(response);
  if (complaint === undefined) return undefined;
  return failure(
    'ETL0507',
    `${stream}: the API answered with an error instead of records`,
    `It says: ${complaint}`,
    ...help,
  );
}

const errorKeys = ['error', 'errors', 'error_description', 'message', 'fault', 'warnings', 'detail'] as const;

function errorIn(response: unknown): string | undefined {
  if (kindOf(response) !== 'an object') return undefined;
  const own = Object.entries(response as object).filter(([key, value]) => isErrorKey(key) && value !== null);
  return own.length === 0 ? undefined : cut(stringifyExact(Object.fromEntries(own)), quotedMax);
}

const isErrorKey = (key: string): boolean => errorKeys.some((known) => known === key.toLowerCase());

const kinds = new Map([
  ['undefined', 'missing'],
  ['string', 'a text'],
  ['number', 'a number'],
  ['boolean', 'a boolean'],
]);

/** The kind of a JSON value, for messages that must not quote it. */
export function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (value === '') return 'an empty text';
  if (Array.isArray(value)) return 'an array';
  if (value instanceof ExactNumber) return 'a number';
  return kinds.get(typeof value) ?? 'an object';
}

function described(value: unknown): string {
  if (kindOf(value) !== 'an object') return kindOf(value);
  const keys = Object.keys(value as object);
  if (keys.length === 0) return 'an object without keys';
  const shown = keys.slice(0, keysMax).map((key) => cut(key, 40));
  return `an object with the keys ${shown.join(', ')}${keys.length > keysMax ? ', …' : ''}`;
}

export const notAnObject = (stream: string, ordinal: number, value: unknown): PageFailure =>
  failure(
    'ETL0508',
    `${stream}: record ${ordinal} of the page is ${kindOf(value)}, not an object`,
    'A record is a JSON object. Check the path in `records`.',
  );

export const noPrimaryKey = (
  stream: string,
  ordinal: number,
  path: Path,
  record: unknown,
  value: unknown,
): PageFailure =>
  failure(
    'ETL0509',
    `${stream}: record ${ordinal} of the page has no primary key: \`${pathText(path)}\` is ${kindOf(value)}`,
    `The record is ${described(record)}.`,
    'Without it no later version of the record can be told. Set `primaryKey` to a text or number that each record has.',
  );

export const noCursor = (
  stream: string,
  ordinal: number,
  path: Path,
  expected: string,
  value: unknown,
): PageFailure =>
  failure(
    'ETL0510',
    `${stream}: record ${ordinal} of the page has no usable cursor: \`${pathText(path)}\` is ${kindOf(value)}`,
    `Expected ${expected}. Without it later runs would miss the record’s changes.`,
    ...(typeof value === 'string' && /^\d{4}-\d\d-\d\d(?:[T ][\d:.]+)?$/.test(value)
      ? ['A time without a zone, or a day, is compared and sent as it stands with `cursor: {type: string}`.']
      : []),
    'Choose another `cursor.field`, or leave `cursor` out and read everything each time.',
  );

export const noToken = (stream: string, path: Path, value: unknown): PageFailure =>
  failure(
    'ETL0511',
    `${stream}: what should lead to the next page is ${kindOf(value)}: \`${pathText(path)}\``,
    'Expected a text or number, or nothing on the last page. Stopping here would lose the other pages.',
  );

export const noKey = (stream: string, path: Path, ordinal: number, value: unknown): PageFailure =>
  failure(
    'ETL0518',
    `${stream}: record ${ordinal} of the page has no key for the next page at \`${pathText(path)}\`: ${kindOf(value)}`,
    'Keyset paging asks for what comes after the key of the last record: each record needs one, a text or a number.',
  );

export const noParentValue = (stream: string, parent: string, ordinal: number, path: string): PageFailure =>
  failure(
    'ETL0514',
    `${stream}: record ${ordinal} of a page of ${parent} has no text or number at \`${path}\`, which its children are asked for with`,
    'Check the placeholder `{parent.…}` in `request`. Parents without children are left out by `parent: {where: …}`.',
  );

export const notAscending = (
  stream: string,
  path: Path,
  ordinal: number,
  before = '',
  key = '',
): PageFailure =>
  failure(
    'ETL0519',
    `${stream}: the listing is not in the order of \`${pathText(path)}\`: record ${ordinal} of the page has ${key}, after ${before}`,
    'Keyset paging over another order leaves records out. Ask for this order in the request, such as `sort: id`, or choose another `paginate.type`.',
  );

/** For `onInvalid: fail`. Here the value is quoted: personal data in it is a token already. */
export const badValue = (where: {
  readonly stream: string;
  readonly mapping: string;
  readonly page: number;
  readonly record: string;
  readonly property: string;
  readonly reason: string;
  readonly value: string;
}): PageFailure =>
  failure(
    'ETL0512',
    `${where.stream}: a value does not fit ${where.mapping}.${where.property}: ${where.reason}`,
    `Record ${where.record} on page ${where.page} has ${where.value === '' ? 'no value there' : where.value}.`,
    'The mapping says `onInvalid: fail`; `block` keeps such rows aside and goes on.',
  );
