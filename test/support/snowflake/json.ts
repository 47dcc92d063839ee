/**
 * JSON as VARIANT keeps it: keys sorted, no white space, integers and decimals of up to 38 digits exact, all other numbers
 * doubles. Two values are equal exactly when these texts are.
 */
export function canonicalJson(text: string): string {
  const reader = new JsonReader(text);
  const value = reader.value(0);
  reader.end();
  return value;
}

const depthMax = 500;
const numberPattern = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const textPattern = /"[^"\\]*(?:\\.[^"\\]*)*"/sy;

class JsonReader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  value(depth: number): string {
    if (depth > depthMax) throw this.#wrong('nesting is too deep');
    this.#space();
    const first = this.#text[this.#at];
    if (first === '{') return this.#object(depth);
    if (first === '[') return this.#array(depth);
    if (first === '"') return canonicalText(this.#token(textPattern, 'a text'));
    for (const word of ['true', 'false', 'null'])
      if (this.#text.startsWith(word, this.#at)) {
        this.#at += word.length;
        return word;
      }
    return canonicalNumber(this.#token(numberPattern, 'a value'));
  }

  end(): void {
    this.#space();
    if (this.#at < this.#text.length) throw this.#wrong('more after the value');
  }

  #object(depth: number): string {
    const members = new Map<string, string>();
    this.#at += 1;
    this.#items('}', () => {
      this.#space();
      const key = canonicalText(this.#token(textPattern, 'a key'));
      this.#space();
      this.#take(':');
      if (members.has(key)) throw this.#wrong(`duplicate object attribute ${key}`);
      members.set(key, this.value(depth + 1));
    });
    const keys = [...members.keys()].sort(byText);
    return `{${keys.map((key) => `${key}:${members.get(key)}`).join(',')}}`;
  }

  #array(depth: number): string {
    const items: string[] = [];
    this.#at += 1;
    this.#items(']', () => items.push(this.value(depth + 1)));
    return `[${items.join(',')}]`;
  }

  #items(end: string, one: () => void): void {
    this.#space();
    if (this.#text[this.#at] === end) {
      this.#at += 1;
      return;
    }
    for (;;) {
      one();
      this.#space();
      if (this.#text[this.#at] === end) break;
      this.#take(',');
    }
    this.#at += 1;
  }

  #token(pattern: RegExp, what: string): string {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text);
    if (found === null) throw this.#wrong(`${what} is missing`);
    this.#at += found[0].length;
    return found[0];
  }

  #take(symbol: string): void {
    if (this.#text[this.#at] !== symbol) throw this.#wrong(`'${symbol}' is missing`);
    this.#at += 1;
  }

  #space(): void {
    while (/[ \t\r\n]/.test(this.#text[this.#at] ?? '')) this.#at += 1;
  }

  #wrong(what: string): Error {
    return new Error(`${what}, pos ${this.#at}`);
  }
}

/** Read again, which refuses wrong escapes and control characters. */
function canonicalText(raw: string): string {
  const text = JSON.parse(raw) as string;
  return raw.includes('\\') ? JSON.stringify(text) : raw;
}

const byText = (a: string, b: string): number => (a < b ? -1 : Number(a > b));

function canonicalNumber(raw: string): string {
  const [, sign = '', whole = '', fraction = ''] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(raw) ?? [];
  const kept = fraction.replace(/0+$/, '');
  const isExact = whole !== '' && (whole === '0' ? kept.length : whole.length + kept.length) <= 38;
  if (!isExact) return doubleText(Number(raw));
  const digits = kept === '' ? whole : `${whole}.${kept}`;
  return digits === '0' ? '0' : `${sign}${digits}`;
}

/** A double is written so that it differs from an exact number: with an exponent. */
function doubleText(value: number): string {
  if (!Number.isFinite(value)) throw new Error(`a number is out of the range of a double`);
  const [, mantissa = '', exponent = ''] = /^(-?[\d.]+)e([+-]\d+)$/.exec(value.toExponential()) ?? [];
  return `${mantissa}e${exponent}`;
}

/** The text of the value at a path of a canonical text; undefined where there is none. */
export function jsonAt(text: string, keys: readonly (string | number)[]): string | undefined {
  let value = text;
  for (const key of keys) {
    const found = membersOf(value).get(typeof key === 'number' ? String(key) : JSON.stringify(key));
    if (found === undefined) return undefined;
    value = found;
  }
  return value;
}

/** The members of an object by key, or the items of an array by position. */
function membersOf(text: string): Map<string, string> {
  const found = new Map<string, string>();
  const isObject = text.startsWith('{');
  if (!isObject && !text.startsWith('[')) return found;
  for (const part of partsOf(text.slice(1, -1))) {
    const key = isObject ? (/^"[^"\\]*(?:\\.[^"\\]*)*"/s.exec(part)?.[0] ?? '') : String(found.size);
    found.set(key, isObject ? part.slice(key.length + 1) : part);
  }
  return found;
}

const depths: { readonly [token: string]: number } = { '{': 1, '[': 1, '}': -1, ']': -1 };

/** The parts between the commas of the outermost level. */
function partsOf(inner: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let from = 0;
  for (const { 0: token, index } of inner.matchAll(/"[^"\\]*(?:\\.[^"\\]*)*"|[[\]{},]/gs)) {
    depth += depths[token] ?? 0;
    if (token !== ',' || depth > 0) continue;
    parts.push(inner.slice(from, index));
    from = index + 1;
  }
  return inner === '' ? [] : [...parts, inner.slice(from)];
}
