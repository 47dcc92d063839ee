import type { Slot } from './body.ts';
import type { ActualCost } from './meter.ts';

const none: readonly Slot[] = [];

/** What stands in the body beside the records: actual costs where the source reads them, then the words of the dialect. */
export function costSlots(costs: readonly ActualCost[], spoken: readonly Slot[] = none): readonly Slot[] {
  const inBody = costs.filter(({ place }) => place.body !== undefined);
  if (inBody.length === 0) return spoken;
  const slots = new Map<string, Slot>();
  for (const { place, cost } of inBody) {
    const path = place.body as string;
    if (!slots.has(path)) slots.set(path, { path, value: cost });
  }
  return [...slots.values(), ...spoken.filter(({ path }) => !slots.has(path))];
}
