/** What Snowflake answers instead of rows. */
export class SqlError extends Error {
  readonly code: string;
  readonly sqlState: string;

  constructor(code: string, sqlState: string, message: string) {
    super(message);
    this.code = code;
    this.sqlState = sqlState;
  }
}

/** A text outside the closed grammar. */
export const notTaken = (what: string): SqlError =>
  new SqlError('001003', '42000', `SQL compilation error: the stand-in does not take ${what}`);

export const invalid = (what: string): SqlError =>
  new SqlError('000904', '42000', `SQL compilation error: ${what}`);

export const mismatch = (what: string): SqlError =>
  new SqlError('002023', '22000', `SQL compilation error: ${what}`);

export const missing = (kind: string, name: string): SqlError =>
  new SqlError(
    kind === 'Table' ? '002003' : '002043',
    kind === 'Table' ? '42S02' : '02000',
    `SQL compilation error:\n${kind} '${name}' does not exist or not authorized.`,
  );

export const denied = (kind: string, name: string): SqlError =>
  new SqlError(
    '003001',
    '42501',
    `SQL access control error:\nInsufficient privileges to operate on ${kind} '${name}'`,
  );

/** Errors that the translation raises inside DuckDB carry their code in their text. */
const carried = /\[(\d{6})\/(\w{5})\] ([\s\S]*)/;

const known: readonly (readonly [RegExp, string, string])[] = [
  [/must appear in the GROUP BY clause/, '000979', '42601'],
  [/interrupt/i, '000604', '57014'],
  [/NOT NULL constraint failed/, '100072', '22000'],
  [/Out of Range|Could not cast value|outside of the range|is out of range/i, '100039', '22003'],
  [/Conversion Error|Could not convert/, '100038', '22018'],
  [/transaction.*(?:conflict|abort)|TransactionContext/i, '000625', '57014'],
];

/** What DuckDB complains of, as Snowflake would; what is not foreseen shows as an internal error. */
export function fromDuckDb(error: unknown): SqlError {
  if (error instanceof SqlError) return error;
  const text = error instanceof Error ? error.message : String(error);
  const [, code, sqlState, message] = carried.exec(text) ?? [];
  if (code !== undefined && sqlState !== undefined)
    return new SqlError(code, sqlState, (message ?? '').split('\n\nLINE')[0] ?? '');
  const found = known.find(([pattern]) => pattern.test(text));
  return found === undefined
    ? new SqlError('000603', 'XX000', `SQL execution internal error: ${text}`)
    : new SqlError(found[1], found[2], text);
}
