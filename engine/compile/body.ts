import type { BodyPlan, CsvPlan } from '../model/body-plan.ts';
import type * as config from '../model/config.ts';
import type { StreamPlan } from '../model/plan.ts';
import { kindOf } from '../model/source-kind.ts';

/** How the bodies of a stream are written; nothing where they are plain JSON. */
export function compileBody({ connector }: config.Source, stream: config.Stream): Pick<StreamPlan, 'body'> {
  const { zip, rowCount } = stream;
  const format = formatOf(connector, stream.format);
  if (format === 'json' && zip === undefined) return {};
  const isTable = format === 'csv' || format === 'tsv';
  const body: BodyPlan = {
    format: isTable ? 'csv' : format,
    ...(isTable && { csv: compileCsv(format, stream.csv) }),
    ...(zip && { zipEntry: zip.entry }),
    ...(rowCount && { countHeader: rowCount.header.toLowerCase() }),
  };
  return { body };
}

/** Rows of Parquet and of tables come as NDJSON. */
function formatOf(
  connector: config.Source['connector'],
  format: config.Stream['format'] = 'json',
): 'json' | 'ndjson' | 'csv' | 'tsv' {
  const isTable = connector === 'postgres' || connector === 'mysql';
  return isTable || format === 'parquet' ? 'ndjson' : format;
}

function compileCsv(format: 'csv' | 'tsv', csv: config.CsvSettings = {}): CsvPlan {
  return {
    delimiter: csv.delimiter ?? (format === 'tsv' ? '\t' : ','),
    quote: csv.quote ?? (format === 'tsv' ? '' : '"'),
    ...(Array.isArray(csv.header) && { columns: csv.header }),
    encoding: csv.encoding ?? 'utf-8',
    nullValue: csv.nullValue ?? '',
    ...(csv.comment !== undefined && { comment: csv.comment }),
  };
}

/** How a page of files or of a table is cut. */
export const compileAsk = (
  { connector }: config.Source,
  { pageRows = 5000, format, request }: config.Stream,
): Pick<StreamPlan, 'asks'> =>
  kindOf(connector) === 'http'
    ? {}
    : {
        asks: {
          rows: pageRows,
          ...(format === 'parquet' && { isParquet: true as const }),
          ...(request.sql !== undefined && { query: request.sql }),
        },
      };

const accepted = {
  parquet: undefined,
  json: undefined,
  ndjson: 'application/x-ndjson, application/jsonl, application/json;q=0.5, */*;q=0.1',
  csv: 'text/csv, text/plain;q=0.5, */*;q=0.1',
  tsv: 'text/tab-separated-values, text/plain;q=0.5, */*;q=0.1',
} as const;

/** What is asked for, unless the project says what. */
export function acceptOf(
  { headers = {} }: config.Source,
  { format = 'json', request }: config.Stream,
): { readonly [header: string]: string } {
  const own = Object.keys({ ...headers, ...request.headers }).some((name) => name.toLowerCase() === 'accept');
  const accept = accepted[format];
  return own || accept === undefined ? {} : { accept };
}
