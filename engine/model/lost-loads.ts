import type { LostLoads, WarehouseUnit } from './state-port.ts';

/** Sums up units of the warehouse that staging does not know; undefined when there are none. */
export function allLost(units: readonly WarehouseUnit[]): LostLoads | undefined {
  if (units.length === 0) return undefined;
  const times = units.map(({ loadedAt }) => loadedAt).sort();
  return {
    units: units.length,
    runs: new Set(units.map(({ run }) => run)).size,
    from: times[0] ?? '',
    to: times.at(-1) ?? '',
    lastPage: Math.max(...units.map(({ lastPage }) => lastPage)),
  };
}
