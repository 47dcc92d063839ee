/**
 * PostgreSQL stores every character but U+0000. A text with one is stored with this noncharacter in front and an escape in
 * its place; so is a text that begins with the noncharacter itself, and no other.
 */
const mark = '\u{fdd0}';
export const markBytes = Buffer.from(mark);

/** A text as PostgreSQL can store it. Equal texts stay equal, different ones different. */
export function storable(text: string): string {
  if (!text.includes('\0') && !text.startsWith(mark)) return text;
  return mark + text.replaceAll(mark, `${mark}1`).replaceAll('\0', `${mark}0`);
}

/** The text that was stored: inverse of {@link storable}. */
export function restored(stored: string): string {
  if (!stored.startsWith(mark)) return stored;
  return stored.slice(1).replaceAll(`${mark}0`, '\0').replaceAll(`${mark}1`, mark);
}
