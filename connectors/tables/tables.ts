import type { TableAsk } from '../../engine/model/ask.ts';
import { cursorValue } from '../../engine/model/batch.ts';
import { pathText } from '../../engine/model/path.ts';
import type { SourcePlan, StreamPlan } from '../../engine/model/plan.ts';
import type { Connector } from '../../engine/model/ports.ts';
import { asked } from '../files/asked.ts';

/** Reads a table or a query, page by page in the order of its cursor and its key. */
export const tablesConnector: Connector = {
  pages: (stream, source, session) =>
    asked(stream, session, { method: 'POST', url: urlOf(source, stream), headers: {} }, (from) =>
      firstAsk(stream, from),
    ),
};

/** The path of the database, then that of the table; what else the address says goes along. */
function urlOf({ baseUrl }: SourcePlan, { request }: StreamPlan): string {
  const url = new URL(baseUrl);
  url.pathname = url.pathname.replace(/\/$/, '') + request.path;
  return url.href;
}

function firstAsk(
  { request, primaryKey, cursor, asks, pinned }: StreamPlan,
  from: string | undefined,
): TableAsk {
  const value = (text: string): string => (cursor === undefined ? text : cursorValue(cursor.type, text));
  return {
    ...(asks?.query === undefined ? { table: request.path.slice(1) } : { query: asks.query }),
    key: primaryKey.map(pathText),
    ...(cursor && { cursor: { column: pathText(cursor.field), type: cursor.type } }),
    rows: asks?.rows ?? 1,
    ...(cursor && from !== undefined && { from: value(from) }),
    ...(cursor && pinned && { to: value(pinned.to) }),
  };
}
