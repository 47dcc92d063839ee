/** How the body of a response is written, where it is not plain JSON. */
export interface BodyPlan {
  readonly format: 'json' | 'ndjson' | 'csv';
  /** Present where the format is `csv`, tab-separated values included. */
  readonly csv?: CsvPlan;
  /** Glob over the names of the entries in a zip archive. */
  readonly zipEntry?: string;
  /** Header of the response, in lower case, that says how many records it holds. */
  readonly countHeader?: string;
}

export interface CsvPlan {
  readonly delimiter: string;
  /** Empty where nothing is quoted. */
  readonly quote: string;
  /** Names of the columns; absent where the first row has them. */
  readonly columns?: readonly string[];
  readonly encoding: TextEncoding;
  /** What stands for no value, outside of quotes. */
  readonly nullValue: string;
  /** Begins lines that are left out. */
  readonly comment?: string;
}

export type TextEncoding = 'utf-8' | 'iso-8859-1' | 'windows-1252' | 'utf-16le';

/** Where a body comes from: a part of a file. Its records get `_file`, `_line` and `_modified`. */
export interface BodyOrigin {
  /** As people name it. */
  readonly file: string;
  /** Line of the file that the body begins with, from 1; of a file without lines, its row. */
  readonly line: number;
  /** When the file was changed last: a canonical instant. */
  readonly modified?: string;
  /** Of a CSV file: its first row is not part of the body. */
  readonly columns?: readonly string[];
}

/** What a body brings along that says how to read it. */
export interface BodyFacts {
  /** Present where nothing but the end of the connection told that it was whole. */
  readonly unbounded?: true;
  readonly origin?: BodyOrigin;
  /** Present where it holds no records, however it is written. */
  readonly nothing?: true;
  /** How many records it says that it has. */
  readonly said?: string;
  /** How its `Content-Type` says that it is encoded. */
  readonly charset?: string;
}
