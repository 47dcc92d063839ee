import type { LogicalType } from './property-plan.ts';

/** A type as a mapping declares it: `decimal(18,2)`. */
export const typeText = (type: LogicalType): string =>
  type.name === 'decimal' ? `decimal(${type.precision},${type.scale})` : type.name;
