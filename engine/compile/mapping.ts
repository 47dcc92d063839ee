import { accountColumn } from '../model/columns.ts';
import type * as config from '../model/config.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import { assert } from '../model/errors.ts';
import { isPathError, knownPath, parsePath } from '../model/path.ts';
import type { LogicalType, MappingPlan, Origin, Path, PropertyPlan } from '../model/plan.ts';
import type { Project, SourceDocument } from '../model/project.ts';
import { homeSchema } from '../model/warehouse-home.ts';
import { canonical, sha256 } from './canonical.ts';
import { compileConditions } from './conditions.ts';
import { compileDeletes, decisiveDeletes } from './deletes.ts';
import { overridesOf } from './overrides.ts';
import { propertySyntax } from './syntax.ts';
import { compileTransform } from './transforms.ts';
import { keyBytesMax, typeLimits } from './type-limits.ts';

/** A mapping as the workers need it, with a hash of all that decides its rows. */
export function compileMapping(
  project: Project,
  mapping: config.Mapping,
  documents: readonly SourceDocument[],
): { readonly mapping: MappingPlan; readonly diagnostics: readonly Diagnostic[] } {
  const diagnostics: Diagnostic[] = [];
  const key = mapping.load.key;
  const properties = Object.entries(mapping.properties).map(([name, property]) => {
    diagnostics.push(...propertySyntax(mapping.name, name, property, documents));
    const compiled = compileProperty(mapping, name, property, key.includes(name));
    const limits = typeLimits(project.warehouse.type ?? 'duckdb', compiled.type);
    return limits === undefined ? compiled : { ...compiled, limits };
  });
  const rest = unmappedOf(mapping, properties);
  const stream = streamOf(project, mapping.from);
  const deletes = compileDeletes(project, mapping, stream);
  const body = {
    name: mapping.name,
    stream: mapping.from,
    ...(mapping.each !== undefined && { each: knownPath(mapping.each) }),
    ...(mapping.eachSplit !== undefined && { eachSplit: mapping.eachSplit }),
    where: compileConditions(mapping.where ?? {}, mapping.each !== undefined),
    schema: mapping.to?.schema ?? homeSchema(project.warehouse),
    table: mapping.to?.table ?? mapping.name,
    ...strategyOf(mapping),
    key: [accountColumn, ...key],
    properties: [...properties, ...rest.properties],
    ...keyLimit(project),
  };
  const decisive = [
    body,
    streamShape(project, mapping.from),
    privacyOf(mapping),
    ...(deletes === undefined ? [] : decisiveDeletes(deletes)),
  ];
  const overrides = overridesOf(project, mapping.name);
  return {
    mapping: {
      ...body,
      ...pruned(mapping.load),
      ...rest.counted,
      ...(stream?.cursor && { versionedBy: `${stream.cursor.field} ${stream.cursor.type ?? 'timestamp'}` }),
      ...(deletes && { deletes }),
      hash: sha256(canonical(decisive)),
      ...(overrides.length > 0 && { overrides }),
    },
    diagnostics,
  };
}

const restOf = (name: string, known: readonly Path[]): PropertyPlan => ({
  name,
  type: { name: 'json' },
  origin: { kind: 'rest', known },
  required: false,
  onInvalid: 'block',
  transforms: [],
  format: 'iso',
});

/** The column of what no property reads, or the paths that are not counted. */
function unmappedOf(
  { each, unmapped }: config.Mapping,
  properties: readonly PropertyPlan[],
): { readonly properties: readonly PropertyPlan[]; readonly counted?: Pick<MappingPlan, 'counted'> } {
  const known = knownPaths(properties, each !== undefined);
  if (unmapped === 'report') return { properties: [], counted: { counted: known } };
  return { properties: typeof unmapped === 'object' ? [restOf(unmapped.keep, known)] : [] };
}

/** What properties read of what a row is made of, the record or the element: of expressions nobody knows. */
const knownPaths = (properties: readonly PropertyPlan[], inEach: boolean): readonly Path[] =>
  properties
    .flatMap(({ origin }) => {
      if (origin.kind === 'path') return [origin.path, ...(origin.previously ?? [])];
      return origin.kind === 'template' ? templatePaths(origin.template, inEach) : [];
    })
    .filter(({ root }) => root === (inEach ? 'element' : 'record'));

const templatePaths = (template: string, inEach: boolean): readonly Path[] =>
  [...template.matchAll(/\{\{\{?\s*([^{}\s#/]+)\s*\}?\}\}/g)].flatMap(([, text = '']) => {
    const path = parsePath(text, inEach);
    return isPathError(path) ? [] : [path];
  });

/** A table of the newest versions is the usual one, and says nothing of it: `replace` makes one that rows leave. */
function strategyOf({ load: { strategy = 'merge' } }: config.Mapping): Pick<MappingPlan, 'strategy'> {
  return strategy === 'merge' || strategy === 'replace' ? {} : { strategy };
}

const pruned = ({ prune }: config.Load): Pick<MappingPlan, 'prune'> => (prune === undefined ? {} : { prune });

function streamOf(project: Project, from: string): config.Stream | undefined {
  const [source = '', name = ''] = from.split('.');
  return project.sources.find((one) => one.name === source)?.streams[name];
}

/** A row beyond it is blocked, so that it decides the rows. */
function keyLimit({ warehouse }: Project): Pick<MappingPlan, 'keyBytesMax'> {
  const max = keyBytesMax(warehouse.type ?? 'duckdb');
  return max === undefined ? {} : { keyBytesMax: max };
}

/** What is kept of personal data decides the rows as well. */
const privacyOf = ({ properties }: config.Mapping): unknown =>
  Object.entries(properties).flatMap(([name, { pii, piiKeep, transform }]) =>
    pii === undefined ? [] : [[name, pii, piiKeep, transform]],
  );

/** What of a stream decides the rows made of its pages. */
function streamShape(project: Project, from: string): unknown {
  const redact = project.sources.find((one) => one.name === from.split('.')[0])?.redact;
  const stream = streamOf(project, from);
  return [redact, stream?.records, stream?.primaryKey, stream?.cursor?.field, stream?.cursor?.type];
}

function compileProperty(
  mapping: config.Mapping,
  name: string,
  property: config.Property,
  isKey: boolean,
): PropertyPlan {
  return {
    name,
    type: logicalType(property.type),
    origin: originOf(property, mapping.each !== undefined),
    required: isKey || (property.required ?? false),
    onInvalid: property.onInvalid ?? mapping.onInvalid ?? 'block',
    // Personal data is changed before its token is made: see compilePrivacy.
    transforms: property.pii === undefined ? (property.transform ?? []).map(compileTransform) : [],
    format: property.format ?? 'iso',
    ...(property.zone !== undefined && { zone: property.zone }),
  };
}

/** `decimal(18,2)` and the others, as data. */
function logicalType(text: string): LogicalType {
  const decimal = /^decimal\((\d+),\s*(\d+)\)$/.exec(text);
  if (decimal !== null) return { name: 'decimal', precision: Number(decimal[1]), scale: Number(decimal[2]) };
  return { name: text as Exclude<LogicalType['name'], 'decimal'> };
}

function originOf(property: config.Property, inEach: boolean): Origin {
  if (property.from !== undefined) {
    const { from, previously } = property;
    return {
      kind: 'path',
      path: knownPath(from, inEach),
      text: from,
      ...(previously && { previously: previously.map((path) => knownPath(path, inEach)) }),
    };
  }
  if (property.template !== undefined) return { kind: 'template', template: property.template };
  if (property.expr !== undefined) return { kind: 'expr', expr: property.expr };
  assert(property.value !== undefined, 'a property has one origin');
  return { kind: 'value', value: property.value };
}
