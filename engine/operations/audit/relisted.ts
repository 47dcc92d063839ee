import { accountStream } from '../../model/accounts.ts';
import type { ExtractStep, MappingPlan, Plan, StreamPlan } from '../../model/plan.ts';
import { readAnew } from '../../model/stream-cursor.ts';

/** A stream that is to be read again, as a plan that does nothing else. */
export interface Relisted {
  readonly plan: Plan;
  readonly step: ExtractStep;
  readonly mappings: readonly MappingPlan[];
  /** Normalised cursor at which the listing begins, where that is not where a first run would begin. */
  readonly from?: string;
}

/** Name of the mapping beside another that makes its keys alone. */
export const keysName = (mapping: string): string => `keys of ${mapping}`;

/**
 * Reads a stream as a first run would: from its declared start or from `from`, past every cache. Each mapping has one
 * beside it that makes its keys alone, so that the keys of rows that are blocked are known.
 */
export function relisted(plan: Plan, names: readonly string[], stream: StreamPlan, from?: string): Relisted {
  const { cache: _, cursor, ...bare } = readAnew(stream);
  const again: StreamPlan = {
    ...bare,
    priority: 'low',
    ...(cursor && { cursor: { ...cursor, ...(from !== undefined && { start: from }) } }),
  };
  const mappings = names.flatMap((name) => plan.mappings[name] ?? []);
  const all = [...mappings, ...mappings.map(keysOnly)];
  const step: ExtractStep = {
    kind: 'extract',
    id: `list ${accountStream(stream)}`,
    reason: 'its keys are compared with the warehouse',
    stream: again,
    mappings: all.map(({ name }) => name),
  };
  return {
    plan: { ...plan, mappings: Object.fromEntries(all.map((one) => [one.name, one])), steps: [step] },
    step,
    mappings,
    ...(from !== undefined && { from }),
  };
}

/** Without what decides on anything but the rows and their keys. */
function keysOnly(mapping: MappingPlan): MappingPlan {
  const { name, stream, each, where, schema, table, key, properties, overrides, hash } = mapping;
  return {
    name: keysName(name),
    stream,
    ...(each && { each }),
    where,
    schema,
    table,
    key,
    properties: properties.filter((property) => key.includes(property.name)),
    ...(overrides && { overrides }),
    hash,
  };
}
