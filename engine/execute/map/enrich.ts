import { accountStream } from '../../model/accounts.ts';
import type { LookupAsk, LookupReply, PageFailure } from '../../model/batch.ts';
import { pathText } from '../../model/path.ts';
import type { LookupPlan, Path, StreamPlan, TemplatePlan } from '../../model/plan.ts';
import { parseExact } from './exact-json.ts';
import { kindOf } from './failures.ts';
import { compilePath, type JsonObject } from './paths.ts';
import { scalarText } from './scalars.ts';

/** Under which records get what was looked up. */
const lookupKey = '_lookup';

/** What the records of a page ask for. */
export interface Enrichment {
  /** Each once. */
  readonly asks: readonly LookupAsk[];
  /** Puts the replies into the records, in place. */
  apply(replies: readonly LookupReply[]): void;
}

/** Finds out what records ask for. */
export type Enricher = (records: readonly JsonObject[]) => Enrichment | PageFailure;

/** Compiles the lookups of a stream; undefined when it has none. */
export function compileEnricher(stream: StreamPlan): Enricher | undefined {
  if (stream.lookups.length === 0) return undefined;
  const lookups = stream.lookups.map((lookup) => compileLookup(stream, lookup));
  return (records) => {
    const targets: (readonly (string | null)[])[] = [];
    for (const { targetsOf } of lookups) {
      const found = targetsOf(records);
      if ('transient' in found) return found;
      targets.push(found);
    }
    const asks = lookups.flatMap(({ name }, at) =>
      [...new Set(targets[at])].flatMap((target) => (target === null ? [] : [{ lookup: name, target }])),
    );
    return { asks, apply: (replies) => records.forEach(put(lookups, targets, replies)) };
  };
}

interface Lookup {
  readonly name: string;
  /** The path and query that each record asks for below the base URL; null for one that asks for nothing. */
  targetsOf(records: readonly JsonObject[]): readonly (string | null)[] | PageFailure;
  /** What of a reply a record gets. */
  take(body: Uint8Array): unknown;
}

function put(
  lookups: readonly Lookup[],
  targets: readonly (readonly (string | null)[])[],
  replies: readonly LookupReply[],
): (record: JsonObject, ordinal: number) => void {
  const bodies = new Map(replies.map(({ lookup, target, body }) => [`${lookup} ${target}`, body]));
  return (record, ordinal) => {
    const values = lookups.map(({ name, take }, at): [string, unknown] => {
      const body = bodies.get(`${name} ${targets[at]?.[ordinal]}`);
      // Parsed for each record: what happens to the personal data of one must not happen to it twice.
      return [name, body ? take(body) : null];
    });
    (record as Record<string, unknown>)[lookupKey] = Object.fromEntries(values);
  };
}

function compileLookup(stream: StreamPlan, lookup: LookupPlan): Lookup {
  const take = lookup.take === undefined ? undefined : compilePath(lookup.take);
  const targetOf = compileTarget(lookup);
  return {
    name: lookup.name,
    targetsOf: (records) => {
      const targets: (string | null)[] = [];
      for (const record of records) {
        const target = targetOf(record);
        if (target !== null && typeof target === 'object') return notAText(stream, lookup, target);
        targets.push(target);
      }
      return targets;
    },
    take: (body) => {
      const reply = parseExact(new TextDecoder().decode(body));
      return take === undefined ? reply : (take(reply) ?? null);
    },
  };
}

/** A path of a record where no text or number is. */
interface Misfit {
  readonly path: string;
  readonly value: unknown;
}

type Rendered = string | null | Misfit;

function compileTarget({ path, query }: LookupPlan): (record: JsonObject) => Rendered {
  const renderPath = compileTemplate(path);
  const parameters = query.map(({ parameter, value }) => {
    const render = compileTemplate(value);
    const name = encodeURIComponent(parameter);
    return (record: JsonObject): Rendered => changed(render(record), (text) => `${name}=${text}`);
  });
  return (record) => {
    const rendered = renderPath(record);
    if (typeof rendered !== 'string') return rendered;
    if (climbs(rendered)) return null;
    const pairs = parameters.map((parameter) => parameter(record));
    const other = pairs.find((pair) => typeof pair !== 'string');
    if (other !== undefined) return other;
    return pairs.length === 0 ? rendered : `${rendered}?${pairs.join('&')}`;
  };
}

const changed = (rendered: Rendered, change: (text: string) => string): Rendered =>
  typeof rendered === 'string' ? change(rendered) : rendered;

/** Whether a value has made `.` or `..` of a part of the path, which would lead to another path: nothing is there. */
const climbs = (path: string): boolean => /\/\.{1,2}(?:\/|$)/.test(path);

/** The text with the record's values, encoded for a URL; null when one of them is missing. */
function compileTemplate({ texts, paths }: TemplatePlan): (record: JsonObject) => Rendered {
  const values = paths.map(compileValue);
  return (record) => {
    let whole = texts[0] ?? '';
    for (const [at, value] of values.entries()) {
      const rendered = value(record);
      if (typeof rendered !== 'string') return rendered;
      whole += rendered + (texts[at + 1] ?? '');
    }
    return whole;
  };
}

function compileValue(path: Path): (record: JsonObject) => Rendered {
  const read = compilePath(path);
  return (record) => {
    const value = read(record) ?? null;
    if (value === null || value === '') return null;
    const text = scalarText(value);
    return text === undefined ? { path: pathText(path), value } : encodeURIComponent(text);
  };
}

const notAText = (stream: StreamPlan, lookup: LookupPlan, misfit: Misfit): PageFailure => ({
  code: 'ETL0447',
  summary: `${accountStream(stream)}: the lookup ${lookup.name} cannot be asked for with \`${misfit.path}\`, which is ${kindOf(misfit.value)}`,
  help: ['Expected a text or a number, or nothing. Check the paths in braces of the lookup.'],
  transient: false,
});
