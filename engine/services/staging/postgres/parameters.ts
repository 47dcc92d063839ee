/** A text in quotes, a name in quotes, or a parameter. */
const token = /'(?:[^']|'')*'|"(?:[^"]|"")*"|\?/g;

const known = new Map<string, string>();
const knownMax = 500;

/** SQL with `$1`, `$2`, … in place of each `?`, except in quotes. */
export function numbered(sql: string): string {
  let made = known.get(sql);
  if (made === undefined) {
    let count = 0;
    made = sql.replace(token, (found) => {
      if (found !== '?') return found;
      count += 1;
      return `$${count}`;
    });
    if (known.size >= knownMax) known.clear();
    known.set(sql, made);
  }
  return made;
}
