import type { MappingPlan } from './plan.ts';

/** Whether a table holds older versions of a row beside the newest. */
export const keepsVersions = ({ strategy }: Pick<MappingPlan, 'strategy'>): boolean => strategy === 'append';
