import type { CoveredPoints } from '../../model/coverage.ts';
import type { MappingPlan, PropertyPlan, TransformPlan } from '../../model/plan.ts';
import { type Column, coerce, compileColumns } from './columns.ts';
import { compileConditions } from './conditions.ts';
import { Invalid } from './invalid.ts';
import { compileFlags } from './marks.ts';
import { compilePath, isObject, type JsonObject, type Reader } from './paths.ts';
import { scalarText } from './scalars.ts';
import { compileTransforms, elementsIn, type Transform } from './transforms.ts';

const row = 'a row';
const leftOut = '`where` leaves something out';
const gone = 'a record that is gone';

/** All that can be seen to happen in a mapping, in its order. */
export function coveragePoints(mapping: MappingPlan): readonly string[] {
  return [
    row,
    ...(mapping.where.length > 0 ? [leftOut] : []),
    ...((mapping.deletes?.flags ?? []).length > 0 ? [gone] : []),
    ...compileProbes(mapping).flatMap(({ points }) => points),
  ];
}

/** Which of them happen when the records of a fixture or a recording are mapped. */
export async function coveredPoints(
  mapping: MappingPlan,
  records: readonly unknown[],
): Promise<CoveredPoints> {
  const seen = new Set<string>();
  const probes = compileProbes(mapping);
  const filter = compileConditions(mapping.where);
  const isGone = compileFlags(mapping.deletes);
  const each = compileEach(mapping);
  for (const record of records.filter(isObject)) {
    if (isGone?.(record) === true) {
      seen.add(gone);
      continue;
    }
    for (const [index, element] of elementsOf(record, each?.(record), each !== undefined)) {
      if (filter?.(element, record, index) === false) seen.add(leftOut);
      else await probeUnit(probes, { record, element, index }, seen);
    }
  }
  return seen;
}

function compileEach({ each, eachSplit }: MappingPlan): Reader | undefined {
  const read = each && compilePath(each);
  if (read === undefined || eachSplit === undefined) return read;
  return (record) => elementsIn(read(record), eachSplit);
}

interface Unit {
  readonly record: JsonObject;
  readonly element: unknown;
  readonly index: number | null;
}

function elementsOf(
  record: JsonObject,
  found: unknown,
  hasEach: boolean,
): readonly (readonly [number | null, unknown])[] {
  if (!hasEach) return [[null, record]];
  return Array.isArray(found) ? found.map((element, index) => [index, element] as const) : [];
}

/** A property, with what can be seen to happen to its values. */
interface Probe {
  readonly column: Column;
  readonly steps: readonly { readonly plan: TransformPlan; readonly transform: Transform | undefined }[];
  readonly points: readonly string[];
}

function compileProbes(mapping: MappingPlan): readonly Probe[] {
  const columns = compileColumns(mapping);
  return columns.map((column, at): Probe => {
    const property = mapping.properties[at] as PropertyPlan;
    const steps = property.transforms.map((plan) => ({ plan, transform: compileTransforms([plan]) }));
    const points = [
      valuePoint(column),
      ...property.transforms.flatMap((plan) => transformPoints(column, plan)),
      ...(canMisfit(property, column) ? [invalidPoint(column)] : []),
    ];
    return { column, steps, points };
  });
}

const valuePoint = ({ name }: Column): string => `${name}: a value`;
const invalidPoint = ({ name, onInvalid }: Column): string => `${name}: onInvalid ${onInvalid}`;

/** Every value of a `map` is a branch of its own. */
const transformPoints = ({ name }: Column, plan: TransformPlan): readonly string[] =>
  plan.name === 'map'
    ? Object.keys(plan.values).map((from) => `${name}: map ${from}`)
    : [`${name}: ${plan.name} changes a value`];

/** A text fits whatever it says; a constant says always the same, and a place is a number. */
const canMisfit = ({ origin, type }: PropertyPlan, { required }: Column): boolean =>
  origin.kind !== 'value' &&
  !(origin.kind === 'path' && origin.path.root === 'index') &&
  (required || !['string', 'json'].includes(type.name));

async function probeUnit(
  probes: readonly Probe[],
  { record, element, index }: Unit,
  seen: Set<string>,
): Promise<void> {
  let fits = true;
  for (const { column, steps } of probes) {
    const computed = await column.compute?.(element, record, index);
    const value = computed ?? column.read(element, record, index);
    probeTransforms(column, steps, value, seen);
    const coerced = coerce(column, value);
    if (coerced instanceof Invalid) {
      seen.add(invalidPoint(column));
      fits = fits && column.onInvalid === 'set_null';
    } else if (coerced !== null) seen.add(valuePoint(column));
  }
  if (fits) seen.add(row);
}

function probeTransforms(column: Column, steps: Probe['steps'], received: unknown, seen: Set<string>): void {
  let value = received;
  for (const { plan, transform } of steps) {
    const before = scalarText(value);
    if (before === undefined || value === null) return;
    value = transform?.(value);
    if (plan.name === 'map') seen.add(`${column.name}: map ${before}`);
    else if (scalarText(value) !== before) seen.add(`${column.name}: ${plan.name} changes a value`);
  }
}
