import type * as config from '../model/config.ts';
import { encoded } from './byte-sink.ts';
import type { Collection } from './collection.ts';
import { generatedCursor } from './generator-cursor.ts';
import { boolean, decimal, integer, sequence, timestamp, type Write } from './generator-numbers.ts';
import {
  GeneratorOptions,
  generatorError,
  inside,
  isSpec,
  type Place,
  type Spec,
} from './generator-options.ts';
import { email, name, pick, template, uuid, words } from './generator-texts.ts';
import { below, draw, placeSeed } from './random.ts';

interface Kind {
  readonly options: readonly string[];
  readonly build: (options: GeneratorOptions, place: Place) => Write;
}

const commonOptions = ['gen', 'null_share'];
const elementsMax = 10_000;

const kinds = new Map<unknown, Kind>([
  ['sequence', { options: ['start', 'step', 'as'], build: sequence }],
  ['integer', { options: ['min', 'max', 'as'], build: integer }],
  ['decimal', { options: ['min', 'max', 'scale', 'as'], build: decimal }],
  ['boolean', { options: ['p'], build: boolean }],
  ['timestamp', { options: ['start', 'step', 'every', 'as'], build: timestamp }],
  ['pick', { options: ['from'], build: pick }],
  ['uuid', { options: [], build: uuid }],
  ['words', { options: ['min', 'max'], build: words }],
  ['name', { options: [], build: name }],
  ['email', { options: [], build: email }],
  ['template', { options: ['text'], build: template }],
  ['list', { options: ['min', 'max', 'of'], build: list }],
]);

const opening = 91;
const closing = 93;
const comma = 44;

/** Between `min` and `max` elements. Element `j` of value `n` is value `n·max + j` of what `of` says: none comes twice. */
function list(options: GeneratorOptions, place: Place): Write {
  const { min, max } = options.range((option) => options.integer(option, option === 'min' ? 0 : 3, 0));
  if (max > elementsMax) options.fail('max', `at most ${elementsMax}`);
  const inner = { ...inside(place, 'of'), values: place.values * Math.max(1, max) };
  const element = writerOf(options.required('of', 'a literal, an object or a generator'), inner);
  const { seed } = options.site;
  return (sink, n) => {
    const count = min + below(seed, n, max - min + 1);
    sink.byte(opening);
    for (let j = 0; j < count; j += 1) {
      if (j > 0) sink.byte(comma);
      element(sink, n * max + j);
    }
    sink.byte(closing);
  };
}

const nullText = encoded('null');
const nullSeed = 0x5bd1e995;

function withNulls(options: GeneratorOptions, write: Write): Write {
  const threshold = options.share('null_share', 0) * 0x1_0000_0000;
  if (threshold === 0) return write;
  const seed = options.site.seed ^ nullSeed;
  return (sink, n) => (draw(seed, n) < threshold ? sink.append(nullText) : write(sink, n));
}

function generated(spec: Spec, place: Place): Write {
  const kind = kinds.get(spec['gen']);
  if (kind === undefined) {
    const known = `Generators: ${[...kinds.keys()].join(', ')}.`;
    throw generatorError(place, `has an unknown generator ${JSON.stringify(spec['gen'])}`, known);
  }
  const options = new GeneratorOptions({ ...place, seed: placeSeed(place.streamSeed, place.place) }, spec);
  options.checkNames([...commonOptions, ...kind.options]);
  return withNulls(options, kind.build(options, place));
}

/** Fixed texts and writers in turn. */
type Parts = readonly (string | Write)[];

/** Fixed texts that stand together become one. */
function merged(parts: Parts): Parts {
  const result: (string | Write)[] = [];
  for (const part of parts) {
    const last = result.at(-1);
    if (typeof part === 'string' && typeof last === 'string') result[result.length - 1] = last + part;
    else result.push(part);
  }
  return result;
}

const separated = (items: readonly Parts[]): Parts =>
  items.flatMap((item, index) => (index === 0 ? item : [',', ...item]));

/** What a key of the record says, as parts: a literal is fixed once and for all, a generator writes every time. */
function partsOf(value: unknown, place: Place): Parts {
  if (Array.isArray(value)) {
    return ['[', ...separated(value.map((item, index) => partsOf(item, inside(place, String(index))))), ']'];
  }
  if (!isSpec(value)) return [JSON.stringify(value ?? null)];
  if (Object.hasOwn(value, 'gen')) return [generated(value, place)];
  const members = Object.entries(value).map(([key, item]) => [
    `${JSON.stringify(key)}:`,
    ...partsOf(item, inside(place, key)),
  ]);
  return ['{', ...separated(members), '}'];
}

function writerOf(value: unknown, place: Place): Write {
  const writes = merged(partsOf(value, place)).map((part): Write => {
    if (typeof part !== 'string') return part;
    const bytes = encoded(part);
    return (sink) => sink.append(bytes);
  });
  return (sink, n) => {
    for (const write of writes) write(sink, n);
  };
}

/**
 * Compiles `lab.generate` of a stream (`owner` is `source.stream`) to a collection that makes each record when it is
 * asked for. A record depends on the seed and its number alone; none is kept.
 * @throws TerminalError naming the key that does not fit
 */
export function generate(owner: string, spec: config.Generate, cursor?: config.Cursor): Collection {
  const root: Place = { stream: owner, place: 'record', values: spec.records, streamSeed: spec.seed ?? 1 };
  const write = writerOf(spec.record, root);
  if (cursor === undefined) return { size: spec.records, write, cursorAt: () => 0 };
  const side = generatedCursor(spec.record, cursor, root, writerOf);
  // The first record shows at start whether the cursor is of its type at all.
  if (spec.records > 0) side.cursorAt(0);
  return { size: spec.records, write, ...side };
}
