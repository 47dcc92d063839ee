import { SqlError } from './sql-error.ts';

export interface Token {
  /** A word keeps how it was written in `raw`; its `text` is the name that Snowflake resolves. */
  readonly kind: 'word' | 'quoted' | 'text' | 'number' | 'symbol' | 'stage' | 'bind' | 'end';
  readonly text: string;
  readonly raw: string;
  readonly at: number;
}

/** In order: the first that fits is taken. A stage path ends at white space, a bracket, a comma or a semicolon. */
const patterns: readonly (readonly [Token['kind'] | 'space', RegExp])[] = [
  ['space', /\s+|--[^\n]*|\/\*[\s\S]*?\*\//y],
  ['word', /[A-Za-z_][A-Za-z0-9_$]*/y],
  ['quoted', /"(?:[^"]|"")+"/y],
  ['text', /'[^'\\]*(?:(?:''|\\[\s\S])[^'\\]*)*'/y],
  ['number', /(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?/y],
  ['stage', /@[^\s(),;]+/y],
  ['bind', /\?|:\d+/y],
  ['symbol', /\$\d+|::|\|\||<>|!=|<=|>=|[-+*/%(),.=<>:[\];]/y],
];

function tokensOf(sql: string): readonly Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < sql.length) {
    const [kind, raw] = tokenAt(sql, at);
    if (kind !== 'space') tokens.push({ kind, raw, at, text: nameOf(kind, raw) });
    at += raw.length;
  }
  tokens.push({ kind: 'end', text: '', raw: 'the end of the text', at: sql.length });
  return tokens;
}

function tokenAt(sql: string, at: number): readonly [Token['kind'] | 'space', string] {
  for (const [kind, pattern] of patterns) {
    pattern.lastIndex = at;
    const found = pattern.exec(sql);
    if (found !== null) return [kind, found[0]];
  }
  throw unexpected(sql, at, sql.slice(at, at + 20));
}

function nameOf(kind: Token['kind'], raw: string): string {
  if (kind === 'word') return raw.toUpperCase();
  if (kind === 'quoted') return raw.slice(1, -1).replaceAll('""', '"');
  if (kind === 'text') return unescaped(raw.slice(1, -1));
  return raw;
}

const escapes: { readonly [letter: string]: string } = {
  n: '\n',
  t: '\t',
  r: '\r',
  b: '\b',
  f: '\f',
  0: '\0',
};

/** In Snowflake a backslash escapes inside a text, which standard SQL does not know. */
const unescaped = (body: string): string =>
  body.replace(/''|\\u([0-9a-fA-F]{4})|\\x([0-9a-fA-F]{2})|\\([\s\S])/g, (all, unicode, hex, letter) => {
    if (all === "''") return "'";
    if (letter === undefined) return String.fromCharCode(Number.parseInt(unicode ?? hex, 16));
    return escapes[letter] ?? letter;
  });

function unexpected(sql: string, at: number, found: string): SqlError {
  const before = sql.slice(0, at).split('\n');
  const place = `line ${before.length} at position ${before.at(-1)?.length ?? 0}`;
  const message = `SQL compilation error:\nsyntax error ${place} unexpected '${found}'.`;
  return new SqlError('001003', '42000', `${message} The text: ${sql.slice(0, 300)}`);
}

/** Walks over the tokens of one statement. */
export class Cursor {
  readonly sql: string;
  readonly #tokens: readonly Token[];
  #at = 0;
  /** `?` are numbered in their order. */
  binds = 0;

  constructor(sql: string) {
    this.sql = sql;
    this.#tokens = tokensOf(sql);
  }

  peek(ahead = 0): Token {
    return this.#tokens[Math.min(this.#at + ahead, this.#tokens.length - 1)]!;
  }

  next(): Token {
    const token = this.peek();
    this.#at += 1;
    return token;
  }

  /** Whether the words and symbols given come next; they are not taken. */
  is(...wanted: readonly string[]): boolean {
    return wanted.every((text, ahead) => {
      const token = this.peek(ahead);
      return (token.kind === 'word' || token.kind === 'symbol') && token.text === text;
    });
  }

  /** Takes the words and symbols given, if they come next. */
  take(...wanted: readonly string[]): boolean {
    if (!this.is(...wanted)) return false;
    this.#at += wanted.length;
    return true;
  }

  expect(...wanted: readonly string[]): void {
    for (const one of wanted) if (!this.take(one)) throw this.unexpected();
  }

  /** The one of these words that comes next. */
  oneOf(...words: readonly string[]): string | undefined {
    return words.find((word) => this.take(word));
  }

  ofKind(...kinds: readonly Token['kind'][]): Token {
    if (!kinds.includes(this.peek().kind)) throw this.unexpected();
    return this.next();
  }

  number(): number {
    return Number(this.ofKind('number').text);
  }

  list<T>(one: () => T): T[] {
    const all = [one()];
    while (this.take(',')) all.push(one());
    return all;
  }

  inBrackets<T>(inside: () => T): T {
    this.expect('(');
    const value = inside();
    this.expect(')');
    return value;
  }

  unexpected(): SqlError {
    const { at, raw } = this.peek();
    return unexpected(this.sql, at, raw);
  }
}
