import { type ByteSink, encoded } from './byte-sink.ts';
import type { GeneratorOptions } from './generator-options.ts';
import { instantWriter } from './instant-writer.ts';
import { below, fraction } from './random.ts';

/** Writes the JSON of value number `n`, from 0; the same `n` gives the same bytes. */
export type Write = (sink: ByteSink, n: number) => void;

const quote = 34;
const point = 46;
const minus = 45;

/** The same in quotes. */
export const quoted =
  (write: Write): Write =>
  (sink, n) => {
    sink.byte(quote);
    write(sink, n);
    sink.byte(quote);
  };

/** With `as: string` the number stands in quotes. */
const asDeclared = (options: GeneratorOptions, write: Write): Write =>
  options.oneOf('as', ['string', 'number']) === 'string' ? quoted(write) : write;

function withinSafeIntegers(options: GeneratorOptions, option: string, last: number): void {
  if (!Number.isSafeInteger(last)) options.fail(option, `such that no value (up to ${last}) reaches 2^53`);
}

/** `start`, `start + step`, … */
export function sequence(options: GeneratorOptions): Write {
  const start = options.integer('start', 1);
  const step = options.integer('step', 1);
  withinSafeIntegers(options, 'step', start + step * options.site.values);
  return asDeclared(options, (sink, n) => sink.integer(start + step * n));
}

/** A whole number from `min` to `max`, both included. */
export function integer(options: GeneratorOptions): Write {
  options.required('max', 'a whole number');
  const { min, max } = options.range((option) => options.integer(option, 0));
  const span = max - min + 1;
  withinSafeIntegers(options, 'max', span);
  const { seed } = options.site;
  return asDeclared(options, (sink, n) => sink.integer(min + below(seed, n, span)));
}

/** Writes a whole number of the smallest units with its decimal point. */
function decimalWriter(scale: number): (sink: ByteSink, units: number) => void {
  if (scale === 0) return (sink, units) => sink.integer(units);
  const one = 10 ** scale;
  return (sink, units) => {
    const size = Math.abs(units);
    if (units < 0) sink.byte(minus);
    sink.integer(Math.floor(size / one));
    sink.byte(point);
    sink.digits(size % one, scale);
  };
}

/** A number from `min` to `max` with exactly `scale` decimals. */
export function decimal(options: GeneratorOptions): Write {
  options.required('max', 'a number');
  const scale = options.integer('scale', 2, 0);
  const { min, max } = options.range((option) => Math.round(options.number(option, 0) * 10 ** scale));
  const span = max - min + 1;
  for (const units of [min, max, span]) withinSafeIntegers(options, 'scale', units);
  const write = decimalWriter(scale);
  const { seed } = options.site;
  return asDeclared(options, (sink, n) => write(sink, min + below(seed, n, span)));
}

/** True with probability `p`. */
export function boolean(options: GeneratorOptions): Write {
  const p = options.share('p', 0.5);
  const { seed } = options.site;
  const [yes, no] = [encoded('true'), encoded('false')];
  return (sink, n) => sink.append(fraction(seed, n) < p ? yes : no);
}

const lastInstantMs = Date.parse('9999-12-31T23:59:59.999Z');

/** `start`, `start + step`, …: an instant that never goes down. `every` is another name of `step`. */
export function timestamp(options: GeneratorOptions): Write {
  const start = options.instant('start');
  const startMs = Date.parse(`${start.slice(0, 23)}Z`);
  const option = options.has('every') ? 'every' : 'step';
  const stepMs = options.durationMs(option);
  if (startMs + stepMs * options.site.values > lastInstantMs) {
    options.fail(option, 'such that the last value lies before the year 10000');
  }
  const form = options.oneOf('as', ['iso', 'epoch', 'epoch_ms']) ?? 'iso';
  if (form === 'epoch') return (sink, n) => sink.integer(Math.floor((startMs + stepMs * n) / 1000));
  if (form === 'epoch_ms') return (sink, n) => sink.integer(startMs + stepMs * n);
  const write = instantWriter(startMs % 1000 !== 0 || stepMs % 1000 !== 0);
  return quoted((sink, n) => write(sink, startMs + stepMs * n));
}
