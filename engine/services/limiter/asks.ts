import type { LimitPlan, ShapePlan } from '../../model/plan.ts';
import type { BoundLimit } from '../../model/ports.ts';
import { windowEndsUs } from './calendar.ts';
import type { AskLimit, AskShape } from './store.ts';

/** A limit as a store takes it: of a calendar window it is told the ends, since it knows no zones. */
export const askLimit = ({ limit, partition, cost }: BoundLimit, nowMs: number): AskLimit => ({
  id: limit.id,
  partition,
  cost,
  shape: askShape(limit.shape, nowMs),
  even: limit.even,
  used: limit.used,
  raiseMax: limit.raiseMax,
});

const askShape = (shape: ShapePlan, nowMs: number): AskShape =>
  shape.kind === 'fixed'
    ? { kind: 'fixed', count: shape.count, endsUs: windowEndsUs(shape.calendar, nowMs) }
    : shape;

/** A limit of which only the state is asked. */
export const askOf = (limit: LimitPlan, nowMs: number): AskLimit =>
  askLimit({ limit, partition: '', cost: 1 }, nowMs);
