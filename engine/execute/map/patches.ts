import { defaultAccount } from '../../model/accounts.ts';
import type { MappingPlan, OverridePlan } from '../../model/plan.ts';
import { keptText } from './invalid.ts';

/** A value that a person has set. */
export interface Patch {
  readonly value: string | number | boolean | null;
  /** The received value that it replaces, as a Blocker keeps it; without it, every one. */
  readonly was?: string;
}

/** The values set in a unit, by property; undefined where there are none. */
export type Patches = (record: string, index: number | null) => ReadonlyMap<string, Patch> | undefined;

/** Compiles the overrides of a mapping for an account; undefined where it has none. What is further down in the file wins. */
export function compilePatches({ overrides = [] }: MappingPlan, account: string): Patches | undefined {
  const own = overrides.filter((one) => (one.account ?? defaultAccount) === account);
  if (own.length === 0) return undefined;
  const byRecord = new Map<string, OverridePlan[]>();
  for (const one of own) byRecord.set(one.record, [...(byRecord.get(one.record) ?? []), one]);
  return (record, index) => {
    const found = byRecord.get(record)?.filter((one) => one.index === undefined || one.index === index);
    return found === undefined || found.length === 0 ? undefined : new Map(found.flatMap(patchesOf));
  };
}

const patchesOf = ({ set, was = {} }: OverridePlan): readonly (readonly [string, Patch])[] =>
  Object.entries(set).map(([name, value]) => [
    name,
    { value, ...(Object.hasOwn(was, name) && { was: received(was[name]) }) },
  ]);

/** Null stands for a value that is not there as well. */
const received = (value: unknown): string => keptText(value ?? undefined);

/** Whether a patch is for what was received now. */
export const isFor = ({ was }: Patch, value: unknown): boolean =>
  was === undefined || was === received(value);
