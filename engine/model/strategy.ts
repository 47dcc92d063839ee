import type { MappingPlan } from './plan.ts';

/** Whether a table holds older versions of a row beside the newest. */
export const keepsVersions = ({ strategy }: Pick<MappingPlan, 'strategy'>): boolean =>
  strategy === 'append' || strategy === 'scd2';

/** Whether there is a table beside the target that knows versions of its records. */
export const hasVersionsTable = ({ strategy, deletes }: Pick<MappingPlan, 'strategy' | 'deletes'>): boolean =>
  strategy === 'scd2' || deletes !== undefined;
