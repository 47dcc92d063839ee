/** Longest column name that is made: PostgreSQL has 63 bytes, and the contract may put a type behind it. */
const charactersMax = 45;

/** Letters that decompose into nothing plain. */
const letters: { readonly [letter: string]: string } = { ß: 'ss', æ: 'ae', ø: 'o', ł: 'l', đ: 'd', œ: 'oe' };

/**
 * The name of a column for what a provider calls something: snake case of plain letters and digits. Empty where
 * nothing plain is left of it.
 */
export function columnName(text: string): string {
  const words = text
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/([A-Z]+)([A-Z][a-z])/g, '$1_$2')
    .toLowerCase()
    .replace(/[ßæøłđœ]/g, (letter) => letters[letter] ?? letter)
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '');
  const named = /^\d/.test(words) ? `p_${words}` : words;
  return named.slice(0, charactersMax).replace(/_+$/, '');
}
