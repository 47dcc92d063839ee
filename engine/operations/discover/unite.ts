import type { FoundProperty, FoundStream } from '../../model/catalog.ts';
import type * as config from '../../model/config.ts';
import { commonType } from './infer.ts';

/** What was found of a stream in several accounts as one: what one of them has, the catalog has. */
export function uniteAccounts(found: readonly FoundStream[]): FoundStream | undefined {
  const [first, ...others] = found;
  if (first === undefined || others.length === 0) return first;
  const ids = new Set(found.flatMap(({ properties }) => properties.map(({ id }) => id)));
  const properties = [...ids].map((id) => {
    const own = found.flatMap((one) => one.properties.find((property) => property.id === id) ?? []);
    return united(own, found.length);
  });
  const unknownTypes = [...new Set(found.flatMap((one) => one.unknownTypes))].sort();
  return { ...first, properties, unknownTypes };
}

/** The names of the first account that has it, and a type that takes the values of all. */
function united(own: readonly FoundProperty[], accounts: number): FoundProperty {
  const [first] = own as readonly [FoundProperty];
  const { archived: _, seen: __, ...rest } = first;
  const shares = own.flatMap(({ seen }) => seen ?? []);
  const options = optionsOf(own);
  const isMissing = own.length < accounts;
  return {
    ...rest,
    type: commonType(own.map(({ type }) => type)),
    ...(options.length > 0 && { options }),
    ...((isMissing || first.nullable !== undefined) && {
      nullable: isMissing || own.some(({ nullable }) => nullable === true),
    }),
    ...(own.every(({ archived }) => archived === true) && { archived: true }),
    ...(shares.length > 0 && { seen: shares.reduce((sum, one) => sum + one, 0) / accounts }),
  };
}

/** Each value once, with the label that was found first. */
function optionsOf(own: readonly FoundProperty[]): config.CatalogOption[] {
  const all = own.flatMap(({ options = [] }) => options);
  return all.filter(({ value }, at) => all.findIndex((one) => one.value === value) === at);
}
