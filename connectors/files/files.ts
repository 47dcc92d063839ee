import type { FileAsk, FileFormat } from '../../engine/model/ask.ts';
import type { ApiRequest } from '../../engine/model/batch.ts';
import type { SourcePlan, StreamPlan } from '../../engine/model/plan.ts';
import type { Connector } from '../../engine/model/ports.ts';
import { asked } from './asked.ts';

/** Reads files: one page after the other, file by file. */
export const filesConnector: Connector = {
  pages: (stream, source, session) =>
    asked(stream, session, requestOf(source, stream), (from) => firstAsk(stream, from)),
};

const requestOf = (source: SourcePlan, stream: StreamPlan): Omit<ApiRequest, 'body'> => {
  const url = urlOf(source, stream);
  return { method: 'GET', url, headers: source.headers, ...(/^https?:/.test(url) && { asks: 'file' }) };
};

const urlOf = ({ baseUrl }: SourcePlan, { request }: StreamPlan): string =>
  baseUrl.replace(/\/$/, '') + request.path.split('/').map(encodeURIComponent).join('/');

function firstAsk({ request, body, cursor, asks }: StreamPlan, from: string | undefined): FileAsk {
  const format: FileFormat = asks?.isParquet === true ? 'parquet' : (body?.format ?? 'json');
  const order = cursor?.type === 'timestamp' ? 'modified' : 'name';
  return {
    files: request.path,
    format,
    ...(body?.csv && { csv: body.csv }),
    rows: asks?.rows ?? 1,
    order,
    ...(cursor !== undefined && from !== undefined && { from }),
    // A file is read once by its name, but for the one that `cursor.start` names.
    ...(order === 'name' && from !== undefined && from !== cursor?.start && { behind: true as const }),
  };
}
