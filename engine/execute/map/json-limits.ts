import type { LimitsPlan } from '../../model/plan.ts';
import { parseDecimal } from './decimals.ts';
import { Invalid } from './invalid.ts';

/** A text of a JSON document, or one of its numbers. Texts come first, so that no number is looked for in them. */
const tokens = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;
const nul = /(?<!\\)(?:\\\\)*\\u0000/;

/** Most characters of a number that a reason quotes. */
const quotedMax = 60;

/** What of a JSON document a warehouse could not keep as it is. */
export function jsonMisfit(text: string, { json, noNul }: LimitsPlan): Invalid | undefined {
  if (noNul === true && text.includes('\\u0000') && nul.test(text)) {
    return new Invalid('text', 'expected JSON that can be stored, got a text with U+0000');
  }
  if (json === undefined) return undefined;
  for (const [token] of text.matchAll(tokens)) {
    if (token.startsWith('"') || fits(token, json)) continue;
    const shown = token.length > quotedMax ? `${token.slice(0, quotedMax)}…` : token;
    return new Invalid(
      'range',
      `expected JSON whose numbers have at most ${json.digits} digits, ${json.scale} of them behind the point, got ${shown}`,
    );
  }
  return undefined;
}

function fits(token: string, { whole, scale, digits }: NonNullable<LimitsPlan['json']>): boolean {
  // Most numbers are short, and fit without being looked at.
  if (token.length <= 15 && !/[eE]/.test(token)) return true;
  const decimal = parseDecimal(token);
  if (decimal === undefined || decimal.digits === '') return true;
  const before = Math.max(0, decimal.digits.length + decimal.exponent);
  const behind = Math.max(0, -decimal.exponent);
  return before <= whole && behind <= scale && before + behind <= digits;
}
