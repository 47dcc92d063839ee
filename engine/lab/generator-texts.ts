import { encoded } from './byte-sink.ts';
import { quoted, type Write } from './generator-numbers.ts';
import { type GeneratorOptions, generatorError } from './generator-options.ts';
import { below, draw, placeSeed } from './random.ts';
import { firstNames, lastNames, words as vocabulary } from './vocabulary.ts';

const encodedAll = (texts: readonly string[]): readonly Uint8Array[] => texts.map(encoded);
const at = (texts: readonly Uint8Array[], index: number): Uint8Array => texts[index] as Uint8Array;

/** One of the values of `from`; a value listed twice comes twice as often. */
export function pick(options: GeneratorOptions): Write {
  const from = options.required('from', 'a list of values');
  if (!Array.isArray(from) || from.length === 0) return options.fail('from', 'a list of at least one value');
  const texts = encodedAll(from.map((value) => JSON.stringify(value)));
  const { seed } = options.site;
  return (sink, n) => sink.append(at(texts, below(seed, n, texts.length)));
}

const hexDigits = encoded('0123456789abcdef');
const dash = 45;
const versionBits = 0x4000;
const variantBits = 0x8000;

/** A random UUID (version 4). */
export function uuid(options: GeneratorOptions): Write {
  const { seed } = options.site;
  return quoted((sink, n) => {
    const hex = (bits: number, digits: number): void => {
      for (let shift = (digits - 1) * 4; shift >= 0; shift -= 4) {
        sink.byte(hexDigits[(bits >>> shift) & 0xf] as number);
      }
    };
    const middle = draw(seed, n, 1);
    const last = draw(seed, n, 2);
    hex(draw(seed, n), 8);
    sink.byte(dash);
    hex(middle >>> 16, 4);
    sink.byte(dash);
    hex(versionBits | (middle & 0xfff), 4);
    sink.byte(dash);
    hex(variantBits | (last & 0x3fff), 4);
    sink.byte(dash);
    hex(last >>> 16, 4);
    hex(draw(seed, n, 3), 8);
  });
}

const roadWords = 0x1_0000;
const wordsMax = 1000;

/** A long row of drawn words, and where each of them begins. */
interface Road {
  readonly bytes: Uint8Array;
  readonly begins: Uint32Array;
}

function layRoad(): Road {
  const seed = placeSeed(0, 'words');
  const row = Array.from(
    { length: roadWords + wordsMax },
    (_, n) => vocabulary[below(seed, n, vocabulary.length)] as string,
  );
  const begins = new Uint32Array(row.length + 1);
  for (const [index, word] of row.entries()) begins[index + 1] = (begins[index] as number) + word.length + 1;
  return { bytes: encoded(row.join(' ')), begins };
}

let road: Road | undefined;

/** Between `min` and `max` words, parted by spaces: a piece of one long row, which is much cheaper than single words. */
export function words(options: GeneratorOptions): Write {
  const { min, max } = options.range((option) => options.integer(option, option === 'min' ? 3 : 8, 1));
  if (max > wordsMax) options.fail('max', `at most ${wordsMax}`);
  road ??= layRoad();
  const { bytes, begins } = road;
  const { seed } = options.site;
  return quoted((sink, n) => {
    const first = draw(seed, n, 1) & (roadWords - 1);
    const end = first + min + below(seed, n, max - min + 1);
    // The space after the last word stays behind.
    sink.append(bytes.subarray(begins[first], (begins[end] as number) - 1));
  });
}

const [givenNames, familyNames] = [encodedAll(firstNames), encodedAll(lastNames)];
const lowerCase = (texts: readonly string[]): readonly Uint8Array[] =>
  encodedAll(texts.map((text) => text.toLowerCase()));
const [givenLower, familyLower] = [lowerCase(firstNames), lowerCase(lastNames)];
const space = 32;
const point = 46;

/** First and last name. */
export function name(options: GeneratorOptions): Write {
  const { seed } = options.site;
  return quoted((sink, n) => {
    const drawn = below(seed, n, givenNames.length * familyNames.length);
    sink.append(at(givenNames, drawn % givenNames.length));
    sink.byte(space);
    sink.append(at(familyNames, Math.floor(drawn / givenNames.length)));
  });
}

const domain = encoded('@example.com');

/** An address at a domain that belongs to nobody; no two records share one. */
export function email(options: GeneratorOptions): Write {
  const { seed } = options.site;
  return quoted((sink, n) => {
    const drawn = below(seed, n, givenLower.length * familyLower.length);
    sink.append(at(givenLower, drawn % givenLower.length));
    sink.byte(point);
    sink.append(at(familyLower, Math.floor(drawn / givenLower.length)));
    sink.integer(n + 1);
    sink.append(domain);
  });
}

/** `text` with `{{i}}` replaced by the number of the value, from 1. */
export function template(options: GeneratorOptions): Write {
  const text = options.text('text');
  const other = [...text.matchAll(/\{\{(.*?)\}\}/g)].find((found) => found[1]?.trim() !== 'i');
  if (other !== undefined) {
    throw generatorError(options.site, `has ${other[0]} in its text`, 'A template knows {{i}} only.');
  }
  const parts = text.split(/\{\{\s*i\s*\}\}/).map((part) => JSON.stringify(part).slice(1, -1));
  const [head, ...rest] = encodedAll(parts);
  return quoted((sink, n) => {
    sink.append(head as Uint8Array);
    for (const part of rest) {
      sink.integer(n + 1);
      sink.append(part);
    }
  });
}
