import type { ValueLimits } from '../../model/plan.ts';
import { isStackOverflow, stringifyExact } from './exact-json.ts';
import { type Coerced, Invalid } from './invalid.ts';
import { stringEnd } from './json-string.ts';
import { numberText } from './scalars.ts';

/** Makes the JSON text of a value, as far as the warehouse can hold it. */
export function compileJson({ json: limits }: ValueLimits): (value: unknown) => Coerced {
  if (limits === undefined) return toJson;
  return (value) => {
    const text = toJson(value);
    return typeof text === 'string' ? (beyond(text, limits) ?? text) : text;
  };
}

/** Half of a surrogate pair, which JSON writes as an escape: databases refuse it, and the whole load with it. */
const halfPair = /(?<!\\)(?:\\\\)*\\ud[89a-f]/;
const nul = /(?<!\\)(?:\\\\)*\\u0000/;

function toJson(value: unknown): Coerced {
  try {
    const text = typeof value === 'number' ? numberText(value) : stringifyExact(value);
    return text.includes('\\ud') && halfPair.test(text)
      ? new Invalid('text', 'expected JSON, got a text with half of a surrogate pair')
      : text;
  } catch (error) {
    if (!isStackOverflow(error)) throw error;
    return new Invalid('range', 'expected JSON, got a value that nests too deeply');
  }
}

type JsonLimits = NonNullable<ValueLimits['json']>;

function beyond(text: string, limits: JsonLimits): Invalid | undefined {
  if (!limits.nul && text.includes('\\u0000') && nul.test(text))
    return new Invalid('text', 'expected JSON that the warehouse can hold, got a text with U+0000');
  const number = mayHaveLongNumber.test(text) ? longNumber(text, limits) : undefined;
  return number === undefined
    ? undefined
    : new Invalid('range', `expected JSON that the warehouse can hold, got ${number}`);
}

/** Thousands of digits, or an exponent that stands for as many. */
const mayHaveLongNumber = /[\d.]{10000}|\d[eE][-+]?\d{4}/;

function longNumber(text: string, limits: JsonLimits): string | undefined {
  const token = /"|-?(\d+)(?:\.(\d+))?(?:[eE]([-+]?\d+))?/g;
  for (let found = token.exec(text); found !== null; found = token.exec(text)) {
    const [number, whole = '', fraction = '', exponent = '0'] = found;
    if (number === '"') {
      token.lastIndex = stringEnd(text, found.index);
      continue;
    }
    if (whole.length + Number(exponent) > limits.digitsBefore)
      return `a number of more than ${limits.digitsBefore} digits`;
    if (fraction.length - Number(exponent) > limits.digitsBehind)
      return `a number with more than ${limits.digitsBehind} digits behind its point`;
  }
  return undefined;
}
