import { accountStream } from '../model/accounts.ts';
import type { StreamEraser } from '../model/forget.ts';

/** What is known of a person, to be looked for in texts. */
export interface PersonTexts {
  readonly erasers: readonly StreamEraser[];
  /** Primary keys of the person's records, by `source.stream`. */
  readonly keys: ReadonlyMap<string, ReadonlySet<string>>;
  /** What the records say. */
  readonly texts: ReadonlySet<string>;
  /** What URLs say of the records. */
  readonly asked?: ReadonlySet<string>;
}

/** Shorter texts say nothing of one person, and are in every sentence. */
const textMin = 3;

/** Stands where something was said of somebody. */
const forgottenText = 'forgotten';

/** Whether a text says something of the person: who it is, or a whole value of one of their records. */
export function mentions({ erasers, texts, asked }: PersonTexts): (text: string) => boolean {
  const words = new Set([...texts, ...erasers.flatMap(({ names }) => names)]);
  const sought = [...words].filter((word) => word.length >= textMin);
  const places = [...(asked ?? [])].map(inUrl);
  return (text) => sought.some((word) => standsIn(text, word)) || places.some((place) => place.test(text));
}

/** A value in a URL, however short it is. */
const inUrl = (word: string): RegExp =>
  new RegExp(
    `[/=,]${encodeURIComponent(word).replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')}(?![\\p{L}\\p{N}%_-])`,
    'u',
  );

/** Takes the person's names out of a text, also as they stand in URLs and in JSON. */
export function withoutNames(
  { erasers }: Pick<PersonTexts, 'erasers'>,
  instead = forgottenText,
): (text: string) => string {
  const names = erasers.flatMap((eraser) => eraser.names).filter((name) => name.length >= textMin);
  return (text) => withoutWords(text, names, instead);
}

/** The same of JSON, where a number that is a name becomes a text. */
export const withoutNamesInJson = (person: Pick<PersonTexts, 'erasers'>): ((text: string) => string) => {
  const without = withoutNames(person);
  return (text) => (without(text) === text ? text : JSON.stringify(renamed(JSON.parse(text), without)));
};

function renamed(value: unknown, without: (text: string) => string): unknown {
  if (typeof value === 'number') return without(String(value)) === String(value) ? value : forgottenText;
  if (typeof value === 'string') return without(value);
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map((one) => renamed(one, without));
  return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, renamed(child, without)]));
}

/** Whether a text has one of the person's names, however it is written. */
export const namesPerson = (erasers: readonly StreamEraser[]): ((text: string) => boolean) => {
  const without = withoutNames({ erasers });
  return (text) => without(text) !== text;
};

function spellings(name: string): readonly string[] {
  const encoded = encodeURIComponent(name);
  return [name, encoded, encoded.replaceAll('%20', '+'), JSON.stringify(name).slice(1, -1)];
}

/** A text without these words, however they are written. */
export const withoutWords = (text: string, words: readonly string[], instead = forgottenText): string =>
  [...new Set(words.flatMap(spellings))].reduce((left, word) => withoutWord(left, word, instead), text);

function withoutWord(text: string, word: string, instead: string): string {
  const parts = text.split(word);
  return parts.reduce((before, after) => {
    const stands = (/%[0-9A-Fa-f]{2}$/.test(before) || !isLetter(before.at(-1))) && !isLetter(after.at(0));
    return before + (stands ? instead : word) + after;
  });
}

const isLetter = (character: string | undefined): boolean =>
  character !== undefined && /[\p{L}\p{N}]/u.test(character);

/** A word within a longer one is another word. */
function standsIn(text: string, word: string): boolean {
  for (let at = text.indexOf(word); at !== -1; at = text.indexOf(word, at + 1)) {
    const around = text.slice(Math.max(0, at - 1), at) + text.slice(at + word.length, at + word.length + 1);
    if (!/[\p{L}\p{N}]/u.test(around)) return true;
  }
  return false;
}

/** Where people write or quote what they like. */
const freeKeys = new Set(['summary', 'help', 'reason', 'value', 'record', 'found', 'label', 'note']);

/** What is left of a run's artifact, one JSON value or one a line. */
export function withoutPerson(person: PersonTexts): (text: string) => string {
  const says = mentions(person);
  const redact = (value: unknown): unknown => redactValue(value, person, says);
  return (text) => {
    const whole = parsed(text);
    if (whole !== undefined) return rewritten(text, whole.value, redact, 2);
    return text
      .split('\n')
      .map((line) => {
        const one = parsed(line);
        if (one !== undefined) return rewritten(line, one.value, redact);
        // A line that was cut when its process was killed.
        return says(line) ? '' : line;
      })
      .join('\n');
  };
}

function rewritten(
  text: string,
  value: unknown,
  redact: (value: unknown) => unknown,
  indent?: number,
): string {
  const before = JSON.stringify(value);
  const redacted = redact(value);
  if (JSON.stringify(redacted) === before) return text;
  return JSON.stringify(redacted, null, indent) + (indent === undefined ? '' : '\n');
}

function parsed(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}

function redactValue(value: unknown, person: PersonTexts, says: (text: string) => boolean): unknown {
  if (Array.isArray(value)) return value.map((one) => redactValue(one, person, says));
  if (value === null || typeof value !== 'object') return value;
  const entries = Object.entries(value as Record<string, unknown>);
  const quotes = isBlocked(value, person) || isAboutPage(value, person);
  return Object.fromEntries(
    entries.map(([key, child]) => [
      key,
      freeKeys.has(key) ? redactText(child, key, quotes, says) : redactValue(child, person, says),
    ]),
  );
}

function redactText(value: unknown, key: string, quotes: boolean, says: (text: string) => boolean): unknown {
  if (Array.isArray(value)) return value.map((one) => redactText(one, key, quotes, says));
  if (typeof value !== 'string') return value;
  // A key is what a record is found by, unless it says who it is about.
  return (quotes && key !== 'record') || says(value) ? forgottenText : value;
}

/** A row that was kept aside, of one of the person's records. */
function isBlocked(value: object, { erasers, keys }: PersonTexts): boolean {
  if (!('mapping' in value && 'record' in value)) return false;
  const { mapping, record } = value;
  const eraser = erasers.find(({ mappings }) => mappings.some(({ name }) => name === mapping));
  return eraser !== undefined && (keys.get(eraser.declared)?.has(String(record)) ?? false);
}

/** A finding about a page of a stream with persons: it may quote what was received, and was never stored. */
function isAboutPage(value: object, { erasers }: PersonTexts): boolean {
  if (!('code' in value && 'summary' in value && String(value.code).startsWith('ETL05'))) return false;
  const text = JSON.stringify(value);
  return erasers.some((eraser) =>
    [eraser.declared, ...eraser.mappings.map(({ name }) => name)].some((name) => standsIn(text, name)),
  );
}

/** `source.stream`, or `source.stream@account`. */
export const streamName = ({ stream }: Pick<StreamEraser, 'stream'>): string => accountStream(stream);
