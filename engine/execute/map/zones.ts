import { IANAZone } from 'luxon';
import { assert } from '../../model/errors.ts';

/** What the clocks of one zone show. */
export interface WallClock {
  readonly zone: string;
  /**
   * Instants, in ms since the epoch, at which clocks show a wall time (given as if it were UTC): one as a rule, none in
   * the hour that is skipped in spring, two in the hour that is repeated in autumn.
   */
  instants(wallMs: number): readonly number[];
}

const dayMs = 86_400_000;
const sampleMs = dayMs / 4;

/** Days whose offset is remembered, since asking for it costs microseconds. */
const daysMax = 4096;

/** The clock of an IANA zone. */
export function wallClock(name: string): WallClock {
  const zone = IANAZone.create(name);
  assert(zone.isValid, `an IANA zone, got "${name}"`);
  const offsetMs = (instant: number): number => Math.round(zone.offset(instant) * 60_000);
  const days = new Map<number, readonly number[]>();

  /** Offsets in force around a day. One means that no clock is changed near it. */
  const offsetsOf = (day: number): readonly number[] => {
    const known = days.get(day);
    if (known !== undefined) return known;
    if (days.size >= daysMax) days.clear();
    const start = day * dayMs;
    // No zone is more than a day from UTC, so that three days hold all that a wall clock's day can be.
    const samples = Array.from(
      { length: 1 + (3 * dayMs) / sampleMs },
      (_, at) => start - dayMs + at * sampleMs,
    );
    const offsets = [...new Set(samples.map(offsetMs))];
    days.set(day, offsets);
    return offsets;
  };

  const instants = (wallMs: number): readonly number[] => {
    const offsets = offsetsOf(Math.floor(wallMs / dayMs));
    const candidates = offsets.map((offset) => wallMs - offset);
    if (candidates.length === 1) return candidates;
    return candidates.filter((instant) => instant + offsetMs(instant) === wallMs).sort((a, b) => a - b);
  };
  return { zone: name, instants };
}
