import { setImmediate } from 'node:timers/promises';
import jsonata from 'jsonata';
import { toDoubles } from './exact-json.ts';
import { Invalid } from './invalid.ts';

/** Computes a value of a unit; an {@link Invalid} says why it cannot. Exact numbers are doubles here. */
export type Expression = (element: unknown, record: unknown, index: number | null) => Promise<unknown>;

/** Bounds of one evaluation: milliseconds, calls in each other, items of a sequence. */
const bounds = { timeout: 1000, stack: 1000, sequence: 100_000 };

/** Milliseconds after which what else the thread has to do goes first. */
const longMs = 50;

/** Levels of objects and arrays in a result. */
const depthMax = 500;

/** A JSONata expression over the unit, with `$parent` and `$index`. */
export function compileExpression(expr: string): Expression {
  const expression = jsonata(expr, bounds);
  return async (element, record, index) => {
    const startedMs = performance.now();
    try {
      const parent = toDoubles(record);
      const input = index === null ? parent : toDoubles(element);
      return plain(await expression.evaluate(input, { parent, index: index ?? undefined }), 0);
    } catch (error) {
      return new Invalid('computed', `the expression failed: ${messageOf(error)}`);
    } finally {
      if (performance.now() - startedMs > longMs) await setImmediate();
    }
  };
}

const messageOf = (error: unknown): string =>
  error !== null && typeof error === 'object' && 'message' in error ? String(error.message) : String(error);

/** A result as JSON has it: JSONata marks its arrays with further properties, and gives functions as values. */
function plain(value: unknown, depth: number): unknown {
  if (depth > depthMax) throw new Error(`the result nests more than ${depthMax} levels`);
  if (isFunction(value)) throw new Error('the result is a function; write () behind its name to call it');
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map((item) => plain(item, depth + 1));
  return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, plain(child, depth + 1)]));
}

const isFunction = (value: unknown): boolean =>
  typeof value === 'function' ||
  (value !== null &&
    typeof value === 'object' &&
    ('_jsonata_lambda' in value || '_jsonata_function' in value));
