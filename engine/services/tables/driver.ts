/** A column of a table or query, as a dialect reads it. */
export interface TableColumn {
  readonly name: string;
  /** SQL that gives its value as a text. */
  readonly select: string;
  /** SQL of what the column is ordered by and compared as, where that is not the column itself. */
  readonly order?: string;
  /** SQL that gives a bound text as a value that compares with the column's; {@link parameterMark} is the parameter. */
  readonly parameter: string;
  /** The JSON of a value. */
  readonly json: (text: string) => string;
  /** Of a time without a zone, and of a day: it is no instant. */
  readonly isLocalTime?: true;
}

/** A connection to a database, for reading only. */
export interface TableSession {
  columns(from: string): Promise<readonly TableColumn[]>;
  /** Rows of texts, by a statement with a {@link parameterMark} for each value. */
  rows(sql: string, values: readonly string[]): Promise<readonly (readonly (string | null)[])[]>;
  begin(): Promise<void>;
  end(): Promise<void>;
  /** Ends the connection at once. */
  close(): void;
}

/** One kind of database. */
export interface TableDriver {
  quote(name: string): string;
  open(address: TableAddress): Promise<TableSession>;
  /** Names what the server or the network said; what is none of theirs comes back as it is. */
  explained(error: unknown, where: string): unknown;
}

export interface TableAddress {
  /** Without credentials. */
  readonly url: URL;
  readonly username: string;
  readonly password: string;
  readonly connectMs: number;
  readonly statementMs: number;
}

export const jsonText = (text: string): string => JSON.stringify(text);

const numberToken = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?$/;

/** Digits as they stand; NaN and Infinity are texts. */
export const jsonNumber = (text: string): string => (numberToken.test(text) ? text : jsonText(text));

/** JSON on one line. */
export const jsonLine = (text: string): string => text.replace(/[\r\n]+/g, ' ');

export const jsonLocalTime = (text: string): string => jsonText(text.replace(' ', 'T'));

/** Stands for a value. A query of a user may hold every other character, `?` as an operator too. */
export const parameterMark = '\u0001';

export const withParameters = (sql: string, next: () => string): string =>
  sql.split(parameterMark).reduce((before, after) => before + next() + after);
