/** Where a mapping with `each` has a path of the record: `$parent.x`. */
export function fromRecord(path: string, inEach: boolean): string {
  if (!inEach) return path;
  return path.startsWith('[') ? `$parent${path}` : `$parent.${path}`;
}

/** The path of the record that a property reads; undefined where it reads the element. */
export function recordPath(from: string, inEach: boolean): string | undefined {
  if (!inEach) return from;
  return /^\$parent\.?/.test(from) ? from.replace(/^\$parent\.?/, '') : undefined;
}
