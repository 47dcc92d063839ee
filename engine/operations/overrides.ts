import { defaultAccount } from '../model/accounts.ts';
import type { Blocker, Blockers } from '../model/blocker.ts';
import type * as config from '../model/config.ts';

const dayMs = 86_400_000;
/** Blockers of one record that are looked at. */
const perRecordMax = 1000;

/** Pages with an open Blocker of a record that an override is for, by mapping. */
export async function overriddenPages(
  files: readonly config.Overrides[],
  blockers: Blockers,
  nowMs: number,
): Promise<ReadonlyMap<string, readonly number[]>> {
  const found = new Map<string, readonly number[]>();
  for (const { mapping, overrides } of files) {
    const ids: number[] = [];
    for (const one of overrides.filter(({ expires }) => Date.parse(`${expires}T00:00:00Z`) + dayMs > nowMs))
      ids.push(...(await blockedBy(mapping, one, blockers)));
    const pages = [...(await blockers.pages(ids)).values()].flat();
    found.set(mapping, [...new Set([...(found.get(mapping) ?? []), ...pages])]);
  }
  return found;
}

async function blockedBy(mapping: string, override: config.Override, blockers: Blockers): Promise<number[]> {
  const { account = defaultAccount } = override;
  const filter = {
    mapping,
    account,
    record: String(override.record),
    kind: 'record',
    status: 'open',
  } as const;
  const all = await blockers.find(filter, perRecordMax);
  return all
    .filter(({ index, property }) => isAbout(override, index) && Object.hasOwn(override.set, property))
    .map(({ id }) => id);
}

const isAbout = ({ index }: config.Override, element: number | null): boolean =>
  index === undefined || index === element;

/** An override that answers a Blocker, as a file keeps it. */
export function overrideFor(
  blocker: Blocker,
  set: Readonly<Record<string, string | null>>,
  { expires, reason }: { readonly expires: string; readonly reason: string },
): config.Override {
  const was = receivedValue(blocker.value);
  const known = was !== undefined && Object.hasOwn(set, blocker.property);
  return {
    ...(blocker.account !== defaultAccount && { account: blocker.account }),
    record: blocker.record,
    ...(blocker.index !== null && { index: blocker.index }),
    set,
    ...(known && { was: { [blocker.property]: was } }),
    expires,
    reason,
    blocker: blocker.id,
  };
}

/** Characters that a Blocker keeps of a value; a longer one is not known whole. */
const keptMax = 200;

/** The value that a Blocker keeps; undefined where it is not known exactly. */
function receivedValue(kept: string): string | number | boolean | null | undefined {
  if (kept === '') return null;
  if (kept.length >= keptMax) return undefined;
  try {
    const value: unknown = JSON.parse(kept);
    const exact = value === null || typeof value !== 'object' ? JSON.stringify(value) === kept : false;
    return exact ? (value as string | number | boolean | null) : undefined;
  } catch {
    return undefined;
  }
}
