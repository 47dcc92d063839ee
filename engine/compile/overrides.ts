import { defaultAccount } from '../model/accounts.ts';
import type * as config from '../model/config.ts';
import type { OverridePlan } from '../model/plan.ts';
import type { Project } from '../model/project.ts';

const dayMs = 86_400_000;

/** What people have set in a mapping's rows. It is no part of the mapping's hash: only the pages that it is for are mapped again. */
export const overridesOf = ({ overrides }: Project, mapping: string): readonly OverridePlan[] =>
  overrides
    .filter((one) => one.mapping === mapping)
    .flatMap((one) => one.overrides)
    .map(compileOverride);

const compileOverride = ({
  account = defaultAccount,
  record,
  index,
  set,
  was,
  expires,
}: config.Override): OverridePlan => ({
  ...(account !== defaultAccount && { account }),
  record: String(record),
  ...(index !== undefined && { index }),
  set,
  ...(was && { was }),
  // The last day is whole.
  untilMs: Date.parse(`${expires}T00:00:00Z`) + dayMs,
});
