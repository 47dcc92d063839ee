import { type FoundProperty, pathBelow } from '../../model/catalog.ts';
import type { DescribePlan } from '../../model/describe-plan.ts';
import { isPathError, parsePath, valueAt } from '../../model/path.ts';
import type { Path } from '../../model/plan.ts';
import { compileConditions, type Filter } from './conditions.ts';
import { isObject, type JsonObject } from './paths.ts';
import { scalarText } from './scalars.ts';

/** What a description says, and the provider's type where `types` does not list it. */
export interface Described {
  readonly property: FoundProperty;
  readonly unknownType?: string;
}

type Reader = (description: JsonObject) => Described | undefined;

/** Reads the descriptions of a provider. One without a name is none. */
export function compileDescriptions(plan: DescribePlan): Reader {
  const isCustom = compileConditions(plan.custom);
  const isMultiple = compileConditions(plan.multiple);
  const isMoney = compileConditions(plan.currency?.where ?? []);
  return (description) => {
    const name = textAt(description, plan.name);
    if (name === undefined || name === '') return undefined;
    const provider = textAt(description, plan.type);
    const type = typeOf(plan, description, provider);
    const property: FoundProperty = {
      id: textAt(description, plan.id) ?? name,
      name,
      ...given('label', textAt(description, plan.label)),
      path: pathBelow(plan.under.segments, name),
      ...typed(type, holds(isMultiple, description) ? plan.separator : undefined),
      ...given('providerType', provider),
      ...optionsOf(plan, description),
      ...(isCustom?.(description, description, null) === false && { custom: false }),
      ...nullableOf(plan, description),
      ...given('unit', textAt(description, plan.unit)),
      ...given('currency', holds(isMoney, description) ? plan.currency?.from : undefined),
      ...(textAt(description, plan.archived) === 'true' && { archived: true }),
    };
    return { property, ...unknown(property, type) };
  };
}

const nullableOf = ({ nullable }: DescribePlan, description: JsonObject): Pick<FoundProperty, 'nullable'> =>
  nullable === undefined ? {} : { nullable: textAt(description, nullable) !== 'false' };

/** Several values in one text are a list. */
const typed = (
  type: string | undefined,
  separator: string | undefined,
): Pick<FoundProperty, 'type' | 'separator'> =>
  separator === undefined ? { type: type ?? 'string' } : { type: 'json', separator };

/** A list needs no type of its own. */
const unknown = (
  { separator, providerType }: FoundProperty,
  type: string | undefined,
): Pick<Described, 'unknownType'> =>
  type === undefined && separator === undefined && providerType !== undefined
    ? { unknownType: providerType }
    : {};

const holds = (filter: Filter | undefined, description: JsonObject): boolean =>
  filter?.(description, description, null) === true;

const given = <Key extends string>(key: Key, text: string | undefined): { readonly [key in Key]?: string } =>
  (text === undefined || text === '' ? {} : { [key]: text }) as { readonly [key in Key]?: string };

function textAt(value: unknown, path: Path | undefined): string | undefined {
  const found = path === undefined ? undefined : valueAt(value, path);
  return found === undefined || found === null ? undefined : scalarText(found);
}

const ours =
  /^(string|integer|double|boolean|date|time|timestamp|datetime|json|binary|decimal\((\d+),\s*(\d+)\))$/;

/** Ours where `types` lists it, or where it is called as one of ours; undefined where nobody knows. */
function typeOf(plan: DescribePlan, description: JsonObject, provider = 'string'): string | undefined {
  const declared = Object.hasOwn(plan.types, provider) ? plan.types[provider] : undefined;
  const type = (declared ?? provider.toLowerCase()).replace(/\{([^{}]+)\}/g, (_, text: string) => {
    const path = parsePath(text);
    return isPathError(path) ? '' : (textAt(description, path) ?? '');
  });
  const found = ours.exec(type);
  if (found === null) return undefined;
  const [precision, scale] = [Number(found[2] ?? 1), Number(found[3] ?? 0)];
  return precision >= 1 && precision <= 38 && scale <= precision ? type : undefined;
}

function optionsOf(plan: DescribePlan, description: JsonObject): Pick<FoundProperty, 'options'> {
  const list = plan.options === undefined ? undefined : valueAt(description, plan.options);
  if (!Array.isArray(list)) return {};
  const options = list.flatMap((one: unknown) => {
    const value = isObject(one) ? textAt(one, plan.optionValue) : scalarText(one);
    if (value === undefined) return [];
    const label = isObject(one) ? textAt(one, plan.optionLabel) : undefined;
    return [{ value, ...(label !== undefined && { label }) }];
  });
  return options.length === 0 ? {} : { options };
}
