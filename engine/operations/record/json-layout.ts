const token = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d[\d.eE+-]*|[a-z]+|[[\]{},:]/g;

const indentText = '  ';

/** What YAML does not take as it is, or does not show: it is escaped, as JSON can. Halves of a pair are among them. */
const unreadable = /[\u007F-\u009F\u2028\u2029\uFEFF\uFFFE\uFFFF]|\p{Cs}/gu;

/**
 * A JSON text with a value to a line, every number as it was written; `change` is asked about every text in it, keys too.
 * A number of which it would change something becomes a text.
 */
export function jsonLayout(json: string, change: (text: string) => string): string {
  const parts: string[] = [];
  let depth = 0;
  let before = '';
  for (const [found] of json.matchAll(token)) {
    if (found === '}' || found === ']') depth -= 1;
    parts.push(gapBefore(found, before, depth), tokenText(found, change));
    if (found === '{' || found === '[') depth += 1;
    before = found;
  }
  return `${parts.join('')}\n`;
}

/** A line begins behind every bracket and comma; what is empty stays on one. */
function gapBefore(found: string, before: string, depth: number): string {
  if (before === ':') return ' ';
  if (before === '' || found === ':' || found === ',') return '';
  const closes = found === '}' || found === ']';
  if (closes && (before === '{' || before === '[')) return '';
  return `\n${indentText.repeat(depth)}`;
}

function tokenText(found: string, change: (text: string) => string): string {
  if (found.startsWith('"')) return readable(stringText(found, change));
  if (!/^[-\d]/.test(found)) return found;
  const changed = change(found);
  return changed === found ? found : JSON.stringify(changed);
}

function stringText(found: string, change: (text: string) => string): string {
  const value = found.includes('\\') ? (JSON.parse(found) as string) : found.slice(1, -1);
  const changed = change(value);
  return changed === value ? found : JSON.stringify(changed);
}

const readable = (text: string): string => text.replace(unreadable, escapedUnit);

const escapedUnit = (unit: string): string => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
