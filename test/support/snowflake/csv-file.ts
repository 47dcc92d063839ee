import { createReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';
import type { FileFormat } from './ast.ts';
import { literal, type Typed } from './cast.ts';
import type { Relation } from './scope.ts';
import { notTaken, SqlError } from './sql-error.ts';
import { varchar } from './sql-types.ts';
import type { StagedFile } from './stage-files.ts';

/** What no text of a test is: it stands for nothing, where nothing is to be NULL. */
const never = '\u0001never\u0001';

interface Dialect {
  readonly delimiter: string;
  readonly quote: string;
  readonly skip: number;
  readonly nulls: readonly string[];
  readonly emptyIsNull: boolean;
  readonly trims: boolean;
}

/** The options as read, with Snowflake's defaults; those that the stand-in cannot follow are refused. */
function dialectOf(format: FileFormat): Dialect {
  const text = (name: string, preset: string): string => {
    const value = format[name] ?? preset;
    return typeof value === 'string' && value.toUpperCase() === 'NONE' ? '' : String(value);
  };
  if (text('ESCAPE', 'NONE') !== '') throw notTaken('ESCAPE in CSV but NONE');
  if (text('ESCAPE_UNENCLOSED_FIELD', '\\') !== '')
    throw notTaken(
      'CSV without ESCAPE_UNENCLOSED_FIELD = NONE: by default a backslash escapes in fields without quotes',
    );
  if (!['UTF8', 'UTF-8'].includes(text('ENCODING', 'UTF8').toUpperCase()))
    throw notTaken('an ENCODING but UTF8');
  if (!['\n', '\r\n'].includes(text('RECORD_DELIMITER', '\n')))
    throw notTaken('a RECORD_DELIMITER but the line end');
  if (format['PARSE_HEADER'] === true) throw notTaken('PARSE_HEADER');
  const nulls = format['NULL_IF'] ?? ['\\N'];
  return {
    delimiter: text('FIELD_DELIMITER', ','),
    quote: text('FIELD_OPTIONALLY_ENCLOSED_BY', 'NONE'),
    skip: Number(format['SKIP_HEADER'] ?? 0),
    nulls: Array.isArray(nulls) ? nulls : [String(nulls)],
    emptyIsNull: format['EMPTY_FIELD_AS_NULL'] !== false,
    trims: format['TRIM_SPACE'] === true,
  };
}

/** Snowflake detects gzip by the file's end; with a COMPRESSION given, the file must be so. */
export function compressionOf({ file, path }: StagedFile, format: FileFormat): 'gzip' | 'zstd' | 'none' {
  const asked = String(format['COMPRESSION'] ?? 'AUTO').toUpperCase();
  const ending = path.endsWith('.gz') ? 'gzip' : path.endsWith('.zst') ? 'zstd' : 'none';
  const found = asked === 'AUTO' || asked === 'AUTO_DETECT' ? ending : asked.toLowerCase();
  if (found !== 'gzip' && found !== 'zstd' && found !== 'none')
    throw notTaken(`COMPRESSION = ${asked} (${file})`);
  return found;
}

/** A CSV file as a relation of texts: `$1`, `$2` … */
export async function csvRelation(staged: StagedFile, format: FileFormat, needed: number): Promise<Relation> {
  const dialect = dialectOf(format);
  const compression = compressionOf(staged, format);
  const found =
    compression === 'zstd' ? needed : await fieldCount(staged.file, compression === 'gzip', dialect);
  const names = Array.from({ length: Math.max(1, found) }, (_, at) => `c${at + 1}`);
  const columns = names.map((name) => `'${name}': 'VARCHAR'`).join(', ');
  const options = [
    'auto_detect = false',
    'header = false',
    `delim = ${literal(dialect.delimiter)}`,
    `quote = ${literal(dialect.quote)}`,
    `escape = ${literal(dialect.quote)}`,
    `nullstr = ${literal(dialect.emptyIsNull ? '' : never)}`,
    'allow_quoted_nulls = false',
    `skip = ${dialect.skip}`,
    `compression = '${compression}'`,
    'max_line_size = 33554432',
    'buffer_size = 67108864',
    `columns = {${columns}}`,
  ];
  const values = names.map((name) => `${fieldSql(`"${name}"`, dialect)} AS "${name}"`);
  const sql = `(SELECT ${values.join(', ')} FROM read_csv(${literal(staged.file)}, ${options.join(', ')}))`;
  return { sql, columns: [], name: ['staged'], positions: positions(names) };
}

const positions = (names: readonly string[]): Typed[] =>
  names.map((name) => ({ sql: `"${name}"`, type: varchar }));

/** A NULL_IF text is NULL wherever it stands, with quotes or without. */
function fieldSql(field: string, { nulls, trims }: Dialect): string {
  const text = trims ? `trim(${field}, ' ')` : field;
  return nulls.reduce((sql, one) => `nullif(${sql}, ${literal(one)})`, text);
}

/** The number of fields of the first record. */
async function fieldCount(
  file: string,
  isGzip: boolean,
  { delimiter, quote, skip }: Dialect,
): Promise<number> {
  const bytes = createReadStream(file);
  const content = isGzip ? bytes.pipe(createGunzip()) : bytes;
  const counter = new FieldCounter(delimiter, quote, skip);
  try {
    for await (const chunk of content)
      if (
        String(chunk)
          .split('')
          .some((letter) => counter.ends(letter))
      )
        break;
    return counter.fields;
  } catch (error) {
    throw new SqlError('100016', '22000', `Error parsing the file ${file}: ${error}`);
  } finally {
    bytes.destroy();
  }
}

class FieldCounter {
  fields = 1;
  readonly #delimiter: string;
  readonly #quote: string;
  #toSkip: number;
  #isQuoted = false;

  constructor(delimiter: string, quote: string, toSkip: number) {
    this.#delimiter = delimiter;
    this.#quote = quote;
    this.#toSkip = toSkip;
  }

  /** Whether the record ends with a letter. */
  ends(letter: string): boolean {
    if (letter === this.#quote) this.#isQuoted = !this.#isQuoted;
    if (this.#isQuoted) return false;
    if (letter === this.#delimiter) this.fields += 1;
    if (letter !== '\n') return false;
    this.#toSkip -= 1;
    if (this.#toSkip >= 0) this.fields = 1;
    return this.#toSkip < 0;
  }
}
