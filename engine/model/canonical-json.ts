/** One text for each JSON value: members in the order of their names' bytes, numbers as plain digits, no spaces. Undefined for what is no JSON. */
export function canonicalJson(text: string): string | undefined {
  const reader = new Reader(text);
  try {
    const value = reader.value();
    return reader.isAtEnd() ? value : undefined;
  } catch {
    return undefined;
  }
}

const token =
  /[ \t\r\n]*(?:("(?:[^"\\]|\\.)*")|(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|(true|false|null)|([[\]{},:]))/sy;

/** Digits of a number that is written out; one with more keeps its exponent. */
const digitsMax = 200_000;

class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  isAtEnd(): boolean {
    return this.#text.slice(this.#at).trim() === '';
  }

  value(): string {
    const [, string, number, word, mark] = this.#next();
    if (string !== undefined) return JSON.stringify(JSON.parse(string));
    if (number !== undefined) return plainNumber(number);
    if (word !== undefined) return word;
    if (mark === '{') return this.#object();
    if (mark === '[') return this.#array();
    throw new Error('no value');
  }

  #object(): string {
    const members = new Map<string, string>();
    if (this.#takes('}')) return '{}';
    do {
      const [, name] = this.#next();
      if (name === undefined || !this.#takes(':')) throw new Error('no member');
      // Of members of one name the last one counts, as databases have it.
      members.set(JSON.stringify(JSON.parse(name)), this.value());
    } while (this.#takes(','));
    if (!this.#takes('}')) throw new Error('no end');
    const inOrder = [...members].sort(([a], [b]) => byBytes(JSON.parse(a), JSON.parse(b)));
    return `{${inOrder.map(([name, value]) => `${name}:${value}`).join(',')}}`;
  }

  #array(): string {
    const elements: string[] = [];
    if (this.#takes(']')) return '[]';
    do elements.push(this.value());
    while (this.#takes(','));
    if (!this.#takes(']')) throw new Error('no end');
    return `[${elements.join(',')}]`;
  }

  #next(): RegExpExecArray {
    token.lastIndex = this.#at;
    const found = token.exec(this.#text);
    if (found === null) throw new Error('no token');
    this.#at = token.lastIndex;
    return found;
  }

  #takes(mark: string): boolean {
    const before = this.#at;
    token.lastIndex = before;
    const found = token.exec(this.#text);
    if (found?.[4] !== mark) return false;
    this.#at = token.lastIndex;
    return true;
  }
}

/** By code points, which is the order of UTF-8's bytes. */
function byBytes(a: string, b: string): number {
  const [left, right] = [[...a], [...b]];
  for (let at = 0; at < Math.min(left.length, right.length); at += 1) {
    const apart = (left[at]?.codePointAt(0) ?? 0) - (right[at]?.codePointAt(0) ?? 0);
    if (apart !== 0) return apart;
  }
  return left.length - right.length;
}

/** `1.50e1` as `15`: no exponent, and no zero that says nothing. */
function plainNumber(text: string): string {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] =
    /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text) ?? [];
  const moved = Number(exponent);
  if (Math.abs(moved) > digitsMax) return text;
  const digits = whole + fraction;
  const point = whole.length + moved;
  const front = point <= 0 ? '0' : digits.slice(0, point).padEnd(point, '0');
  const back = point < 0 ? '0'.repeat(-point) + digits : digits.slice(Math.max(0, point));
  const before = front.replace(/^0+(?=\d)/, '');
  const behind = back.replace(/0+$/, '');
  if (before === '0' && behind === '') return '0';
  return `${sign}${before}${behind === '' ? '' : `.${behind}`}`;
}
