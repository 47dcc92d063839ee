import { distance } from 'fastest-levenshtein';

const plain = (text: string): string => text.toLowerCase().replace(/[-_\s]/g, '');

const letters = (text: string): string => [...text].sort().join('');

/** Letters in another order count as one edit, another style of writing words as none. */
function editsBetween(text: string, candidate: string): number {
  if (plain(candidate) === plain(text)) return 0;
  const edits = distance(text, candidate);
  return edits === 2 && letters(text) === letters(candidate) ? 1 : edits;
}

/** The candidate that `text` was probably meant to be; undefined when none is near. */
export function nearest(text: string, candidates: Iterable<string>): string | undefined {
  let best: { readonly candidate: string; readonly edits: number } | undefined;
  for (const candidate of candidates) {
    const edits = editsBetween(text, candidate);
    const allowed = Math.max(1, Math.floor(Math.max(text.length, candidate.length) / 3));
    if (edits <= allowed && edits < (best?.edits ?? Infinity)) best = { candidate, edits };
  }
  return best?.candidate;
}

/** Text for below a caret: `did you mean …`, or nothing. */
export function didYouMean(text: string, candidates: Iterable<string>): string | undefined {
  const found = nearest(text, candidates);
  return found === undefined ? undefined : `did you mean \`${found}\`?`;
}

/** `a`, `b` or `c`, shortened when there are many. */
export function listText(names: readonly string[], namesMax = 12): string {
  const shown = names.slice(0, namesMax).join(', ');
  return names.length > namesMax ? `${shown} and ${names.length - namesMax} more` : shown;
}
