import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { planStaleness, savedPlanText } from '../engine.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import { complaint, RefusedError } from '../model/errors.ts';
import type { Facts } from '../model/estimate.ts';
import type { ParityGate } from '../model/evidence.ts';
import type { PlanState, SavedPlan } from '../model/saved-plan.ts';
import { isBackfill } from '../model/sweep.ts';
import { systemClock } from '../services/clock.ts';
import { factsOf } from './facts.ts';
import type { PlannedProject } from './planned.ts';

/** A plan from its file. @throws RefusedError (exit 3) when there is none in it */
export function readPlanFile(path: string): SavedPlan {
  const value = parsed(path);
  if (!isSaved(value)) throw unreadable(path, 'It holds no plan.');
  if (value.formatVersion !== 1)
    throw unreadable(path, `Its format is ${value.formatVersion}, and this version of etl knows 1.`);
  return value;
}

function parsed(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw unreadable(path, error instanceof Error ? `${error.message}.` : String(error));
  }
}

const isSaved = (value: unknown): value is SavedPlan =>
  typeof value === 'object' &&
  value !== null &&
  ['formatVersion', 'planId', 'nonce', 'nodes', 'positions', 'plan'].every((key) => key in value);

const unreadable = (path: string, why: string): RefusedError =>
  new RefusedError('invalid', [
    complaint('ETL0320', `the plan file ${path} cannot be read`, why, '`etl plan --out FILE` writes one.'),
  ]);

/** A file is there whole or not at all. */
export function writePlanFile(path: string, saved: SavedPlan): void {
  writeFileSync(`${path}.part`, savedPlanText(saved));
  renameSync(`${path}.part`, path);
}

/** What a plan is saved with, and compared with. */
export const planStateOf = (
  { plan, snapshot, state }: PlannedProject,
  facts: Facts,
  gate: ParityGate | undefined,
): PlanState => ({
  ...(gate && { gate }),
  plan,
  tables: snapshot.tables,
  stagingSchema: state.schema,
  positions: Object.fromEntries(
    [...facts.histories].map(([stream, { cursor, open }]) => [
      stream,
      {
        ...(cursor !== undefined && { cursor }),
        ...(isBackfill(stream) && open && { pages: open.pages }),
      },
    ]),
  ),
  nowMs: systemClock.now(),
});

/** What keeps a saved plan from being performed now. */
export async function stalenessOf(
  saved: SavedPlan,
  work: PlannedProject,
  gate: ParityGate | undefined,
): Promise<readonly Diagnostic[]> {
  const exists = await work.staging.exists();
  const appliedBy = exists ? await work.state.runs.appliedBy(saved.nonce) : undefined;
  return planStaleness(saved, planStateOf(work, await factsOf(work), gate), appliedBy);
}

/** The environment that a saved plan is for, where none is named. The lab is none of the project's. */
export const environmentOf = ({ environment }: SavedPlan, named: string | undefined): string | undefined =>
  named ?? (environment === 'lab' ? undefined : environment);
