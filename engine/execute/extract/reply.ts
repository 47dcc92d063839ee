import type { ApiResponse } from '../../model/batch.ts';
import type { Path, PathSegment, ReplyValuePlan } from '../../model/plan.ts';

const textMaxBytes = 64 * 1024;

/** A response as rules and limits read it. Its body is parsed at most once, and only when something asks for it. */
export class Reply {
  readonly response: ApiResponse;
  #text: string | undefined;
  #json: { readonly value: unknown } | undefined;

  constructor(response: ApiResponse) {
    this.response = response;
  }

  get status(): number {
    return this.response.status;
  }

  /** `name` in lower case. */
  header(name: string): string | undefined {
    const { headers } = this.response;
    return Object.hasOwn(headers, name) ? headers[name]?.trim() : undefined;
  }

  /** The first 64 KiB of the body. */
  get text(): string {
    this.#text ??= Buffer.from(this.#bytes()).toString('utf8', 0, textMaxBytes);
    return this.#text;
  }

  /** Whether a text stands in the body, which need not be parsed to know. */
  has(text: string): boolean {
    return this.#bytes().includes(text);
  }

  /** All values at a place; a path with `*` or `[*]` may lead to several. */
  valuesAt(place: ReplyValuePlan): readonly unknown[] {
    if (place.header === undefined) return this.bodyValues(place.path);
    const value = this.header(place.header);
    return value === undefined ? [] : [value];
  }

  bodyValues({ segments }: Path): readonly unknown[] {
    return segments.reduce(children, [this.json]).filter((value) => value !== undefined);
  }

  /** Undefined for what is no JSON object or array. */
  get json(): unknown {
    this.#json ??= { value: this.#parsed() };
    return this.#json.value;
  }

  #parsed(): unknown {
    const bytes = this.#bytes();
    const start = bytes.toString('utf8', 0, 64).replace(/^[\uFEFF\s]+/, '');
    if (!/^[[{]/.test(start)) return undefined;
    try {
      return JSON.parse(bytes.toString('utf8').replace(/^\uFEFF/, ''));
    } catch {
      return undefined;
    }
  }

  #bytes(): Buffer {
    const { body } = this.response;
    return Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  }
}

const children = (values: readonly unknown[], segment: PathSegment): readonly unknown[] =>
  values.flatMap((value) => below(value, segment));

function below(value: unknown, segment: PathSegment): readonly unknown[] {
  if (value === null || typeof value !== 'object' || 'where' in segment) return [];
  if ('any' in segment)
    return Array.isArray(value) === (segment.any === 'element') ? Object.values(value) : [];
  const name = 'index' in segment ? String(segment.index) : segment.key;
  return Object.hasOwn(value, name) ? [(value as Record<string, unknown>)[name]] : [];
}
