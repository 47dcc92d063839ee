import { type FoundProperty, pathBelow } from '../../model/catalog.ts';
import type { DescribedType, DescribePlan } from '../../model/describe-plan.ts';
import { describedText, filledPath, filledText } from '../../model/described-text.ts';
import { valueAt } from '../../model/path.ts';
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
    const at = (path: Path | undefined): string | undefined => textAt(description, path);
    const provider = at(plan.type);
    const declared = declaredType(plan, provider);
    const type = typeOf(declared, description, provider);
    const where = placeOf(plan, declared, at);
    if (where === undefined) return undefined;
    const property: FoundProperty = {
      ...where,
      ...given('label', at(plan.label)),
      ...given('zone', declared?.zone),
      ...typed(type, holds(isMultiple, description) ? plan.separator : undefined),
      ...given('providerType', provider),
      ...optionsOf(plan, description),
      ...(isCustom?.(description, description, null) === false && { custom: false }),
      ...nullableOf(plan, description),
      ...given('unit', at(plan.unit)),
      ...(holds(isMoney, description) && given('currency', filledPath(plan.currency?.from ?? [], at))),
      ...(at(plan.archived) === 'true' && { archived: true }),
    };
    return { property, ...unknown(property, type) };
  };
}

/** What a property is known by and where a record has it; undefined where the description does not say it. */
function placeOf(
  plan: DescribePlan,
  declared: DescribedType | undefined,
  textOf: (path: Path) => string | undefined,
): Pick<FoundProperty, 'id' | 'name' | 'path'> | undefined {
  const name = filledText(plan.name, textOf);
  const path = name === undefined ? undefined : pathOf(plan, name, declared, textOf);
  if (name === undefined || path === undefined) return undefined;
  return { id: filledText(plan.id, textOf) ?? name, name, path };
}

function pathOf(
  { path, under }: DescribePlan,
  name: string,
  declared: DescribedType | undefined,
  textOf: (path: Path) => string | undefined,
): string | undefined {
  const place = path === undefined ? pathBelow(under.segments, name) : filledPath(path, textOf);
  if (place === undefined || declared?.at === undefined) return place;
  return declared.at.startsWith('[') ? place + declared.at : `${place}.${declared.at}`;
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

/** What `types` says of one; `list.*` stands for all that begin so and are not listed. */
function declaredType({ types }: DescribePlan, provider = 'string'): DescribedType | undefined {
  if (Object.hasOwn(types, provider)) return types[provider];
  const pattern = Object.keys(types).find(
    (name) => name.endsWith('*') && provider.startsWith(name.slice(0, -1)),
  );
  return pattern === undefined ? undefined : types[pattern];
}

/** Ours where `types` lists it, or where it is called as one of ours; undefined where nobody knows. */
function typeOf(
  declared: DescribedType | undefined,
  description: JsonObject,
  provider = 'string',
): string | undefined {
  const parts = describedText(declared?.type ?? provider.toLowerCase());
  const type = filledText(parts, (path) => textAt(description, path)) ?? '';
  const found = ours.exec(type);
  if (found === null) return undefined;
  const [precision, scale] = [Number(found[2] ?? 1), Number(found[3] ?? 0)];
  return precision >= 1 && precision <= 38 && scale <= precision ? type : undefined;
}

function optionsOf(plan: DescribePlan, description: JsonObject): Pick<FoundProperty, 'options'> {
  const list = plan.options === undefined ? undefined : listOf(valueAt(description, plan.options));
  if (list === undefined) return {};
  const options = list.flatMap((one: unknown) => {
    const value = isObject(one) ? textAt(one, plan.optionValue) : scalarText(one);
    if (value === undefined) return [];
    const label = isObject(one) ? textAt(one, plan.optionLabel) : undefined;
    return [{ value, ...(label !== undefined && { label }) }];
  });
  return options.length === 0 ? {} : { options };
}

/** A list, or the JSON text of one. */
function listOf(value: unknown): readonly unknown[] | undefined {
  if (Array.isArray(value)) return value;
  if (typeof value !== 'string') return undefined;
  try {
    const parsed: unknown = JSON.parse(value);
    return Array.isArray(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}
