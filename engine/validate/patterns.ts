import { columnName } from '../model/column-name.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import type { Catalogued } from './catalogs.ts';
import { isJson, textAt } from './json.ts';
import { below, complain, keyPlace, valuePlace } from './places.ts';
import { fromRecord } from './record-path.ts';
import type { Filled } from './substitute.ts';
import type { Used, WrittenProperty } from './use.ts';

const isPattern = ({ name }: WrittenProperty): boolean => name.includes('*');

const stars = (text: string): number => text.split('*').length - 1;

/** One `*` in the name, and one in the path. */
const isWhole = ({ name, value }: WrittenProperty): boolean =>
  stars(name) === 1 && stars(textAt(value, 'from') ?? '') === 1;

/** What a `*` of a path stands for. */
function matcher(from: string): RegExp {
  const escaped = from.split('*').map((text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${escaped.join('(.+)')}$`, 'u');
}

/**
 * `"custom_*": {from: "properties.custom_*"}` as a property for each path of the catalog that it matches, unless the mapping
 * reads that itself.
 */
export function expandPatterns(
  mapping: Filled,
  own: readonly WrittenProperty[],
  known: readonly Catalogued[] | undefined,
): Used {
  const plain = own.filter((one) => !isPattern(one));
  const taken: Taken = {
    columns: new Set(plain.map(({ name }) => name.toLowerCase())),
    paths: new Set(plain.flatMap(({ value }) => textAt(value, 'from') ?? [])),
  };
  const found = own.filter(isPattern).map((pattern) => expanded(mapping, pattern, known, taken));
  return {
    properties: found.length === 0 ? own : [...plain, ...found.flatMap(({ properties }) => properties)],
    diagnostics: found.flatMap(({ diagnostics }) => diagnostics),
  };
}

/** Columns and paths that there are; each property that is made of a pattern is added. */
interface Taken {
  readonly columns: Set<string>;
  readonly paths: Set<string>;
}

function expanded(
  mapping: Filled,
  pattern: WrittenProperty,
  known: readonly Catalogued[] | undefined,
  { columns, paths }: Taken,
): Used {
  if (!isWhole(pattern)) return { properties: [], diagnostics: [half(mapping, pattern)] };
  const inEach = textAt(mapping.value, 'each') !== undefined;
  const matches = matching(pattern, known ?? [], inEach).filter(({ from }) => !paths.has(from));
  if (matches.length === 0)
    return { properties: [], diagnostics: [nothingMatches(mapping, pattern, known !== undefined)] };
  const properties: WrittenProperty[] = [];
  const diagnostics: Diagnostic[] = [];
  for (const match of matches) {
    const { name, from } = match;
    if (columns.has(name.toLowerCase())) diagnostics.push(collision(mapping, pattern, name, from));
    else properties.push({ ...pattern, name, pattern: pattern.name, value: withFrom(pattern.value, match) });
    columns.add(name.toLowerCase());
    paths.add(from);
  }
  return { properties, diagnostics };
}

interface Match {
  readonly name: string;
  readonly from: string;
  readonly previously?: readonly string[];
}

const withFrom = (value: unknown, { name: _, ...match }: Match): unknown =>
  isJson(value) ? { ...value, ...match } : value;

function matching(
  { name, value }: WrittenProperty,
  known: readonly Catalogued[],
  inEach: boolean,
): readonly Match[] {
  const expression = matcher(textAt(value, 'from') ?? '');
  const columns = matcher(name);
  return known.flatMap(({ property: { path, column, previously } }) => {
    const from = fromRecord(path, inEach);
    const part = expression.exec(from)?.[1];
    if (part === undefined) return [];
    // The catalog's column stays when the provider renames the property.
    const own = columns.test(column) ? column : name.replace('*', columnName(part));
    const before = previously?.map((one) => fromRecord(one, inEach));
    return [{ name: own, from, ...(before && { previously: before }) }];
  });
}

function nothingMatches(
  { document, value }: Filled,
  { name }: WrittenProperty,
  isKnown: boolean,
): Diagnostic {
  const stream = textAt(value, 'from') ?? 'SOURCE.STREAM';
  const place = valuePlace(document, below('/properties', name, 'from'));
  const [source] = stream.split('.');
  if (!isKnown) {
    return complain('ETL0263', place, `there is no catalog of \`${stream}\` that a pattern could look in`, {
      help: [`\`etl discover ${source}\` writes catalogs/${source}.yml.`],
    });
  }
  return complain('ETL0263', place, 'no property of the catalog is one of these', {
    severity: 'warning',
    label: 'matches nothing',
    help: [`catalogs/${source}.yml lists the paths of \`${stream}\`.`],
  });
}

const half = ({ document }: Filled, { name }: WrittenProperty): Diagnostic =>
  complain('ETL0263', keyPlace(document, below('/properties', name)), `\`${name}\` is only half a pattern`, {
    help: [
      'A pattern has one `*` in its name and one in `from`: `"custom_*": {from: "properties.custom_*"}`.',
    ],
  });

const collision = ({ document }: Filled, pattern: WrittenProperty, name: string, from: string): Diagnostic =>
  complain(
    'ETL0214',
    keyPlace(document, below('/properties', pattern.name)),
    `the pattern makes the column \`${name}\` of \`${from}\`, and there is one already`,
    {
      help: [
        `Write a property with \`from: ${from}\` and a name of its own; the pattern leaves it out then.`,
      ],
    },
  );
