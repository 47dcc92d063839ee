/** A member of a list or dictionary as HTTP's structured fields write them (RFC 9651). */
export interface FieldItem {
  readonly name: string;
  /** What a dictionary says of the name. */
  readonly value?: string;
  readonly parameters: ReadonlyMap<string, string>;
}

const fieldMax = 8 * 1024;
const bare =
  '"((?:[^"\\\\]|\\\\["\\\\])*)"|:([^:]*):|([A-Za-z0-9*?+][A-Za-z0-9!#$%&\'*+./:^_`|~-]*|-?[0-9][0-9.]*)';
const member = new RegExp(`[ \\t]*(?:${bare})(?:=(?:${bare}))?`, 'y');
const parameter = new RegExp(`[ \\t]*;[ \\t]*([a-z*][a-z0-9_.*-]*)(?:=(?:${bare}))?`, 'y');
const separator = /[ \t]*(?:,|$)/y;

/** The members of a field, as far as it can be read; none when it is malformed: half a field may mean anything. */
export function fieldItems(text: string): readonly FieldItem[] {
  if (text.length > fieldMax) return [];
  const items: FieldItem[] = [];
  let at = 0;
  while (at < text.length) {
    const found = itemAt(text, at);
    if (found === undefined) return [];
    items.push(found.item);
    at = found.end;
  }
  return items;
}

function itemAt(text: string, start: number): { readonly item: FieldItem; readonly end: number } | undefined {
  const named = matchAt(member, text, start);
  if (named === null) return undefined;
  let at = start + named[0].length;
  const parameters = new Map<string, string>();
  for (let next = matchAt(parameter, text, at); next !== null; next = matchAt(parameter, text, at)) {
    parameters.set(next[1] ?? '', plain(next.slice(2)) ?? '?1');
    at += next[0].length;
  }
  const end = matchAt(separator, text, at);
  if (end === null) return undefined;
  const value = plain(named.slice(4));
  return {
    item: { name: plain(named.slice(1)) ?? '', parameters, ...(value !== undefined && { value }) },
    end: at + end[0].length,
  };
}

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}

/** A text in quotes, a sequence of bytes, or a bare token or number: whichever was found. */
const plain = ([quoted, bytes, token]: readonly (string | undefined)[]): string | undefined =>
  quoted?.replace(/\\(.)/g, '$1') ?? bytes ?? token;
