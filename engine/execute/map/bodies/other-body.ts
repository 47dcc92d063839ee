import type { PageFailure } from '../../../model/batch.ts';
import { errorBody, markup } from '../failures.ts';

const headMax = 4096;

/** What an API sends instead of rows: an HTML page, or a JSON object that tells of an error. */
export function notRecords(stream: string, text: string): PageFailure | undefined {
  const start = text.slice(0, headMax).trimStart();
  if (/^<(?:!doctype|html|head|body|\?xml|!--)/i.test(start)) return markup(stream, start, 'CSV');
  if (!start.startsWith('{"') && !start.startsWith('{\n') && !start.startsWith('{\r')) return undefined;
  try {
    return errorBody(stream, JSON.parse(text));
  } catch {
    return undefined;
  }
}
