import type { WhenPlan } from '../../model/schedule.ts';
import { momentAfter } from './moments.ts';

/** Runs start so much after their moment at most, and within this share of the time until the next one. */
const jitterMaxMs = 30_000;
const jitterShare = 0.1;
/** After a failure it is tried again so soon; twice as long after each further one, up to the greatest. */
const retryFirstMs = 30_000;
const retryMaxMs = 5 * 60_000;
/** Tries between two due moments; after so many failures in a row, a run waits for its moment. */
const retriesMax = 5;

/** One stream and when it is read. */
export interface Appointment {
  /** `source.stream`, or `source.stream@account`. */
  readonly stream: string;
  /** What is made of it: two streams of one mapping are not read at once. */
  readonly mappings: readonly string[];
  readonly when: WhenPlan;
  /** Every moment up to this one is dealt with. */
  readonly handledMs: number;
  /** Where in its jitter it starts, from 0 to 1: the same each time, so that intervals stay as long as they are. */
  readonly jitter: number;
}

interface Entry extends Omit<Appointment, 'handledMs'> {
  handledMs: number;
  nextMs: number;
  failures: number;
  startedMs: number | undefined;
}

/** A stream whose time has come. */
export interface Due {
  readonly stream: string;
  /** Whether more than one moment has passed since it was read last: this one run makes up for all of them. */
  readonly isCatchingUp: boolean;
}

/** What is due when. No stream is read twice at once, and however many moments were missed, one run follows. */
export class Agenda {
  readonly #entries = new Map<string, Entry>();

  /** Keeps these from now on, and no others. One that is kept already and has not changed goes on as it stands. */
  keep(appointments: readonly Appointment[]): void {
    const names = new Set(appointments.map(({ stream }) => stream));
    for (const stream of this.#entries.keys()) if (!names.has(stream)) this.#entries.delete(stream);
    for (const { handledMs, ...one } of appointments) {
      const known = this.#entries.get(one.stream);
      const entry = known ?? { ...one, handledMs, nextMs: 0, failures: 0, startedMs: undefined };
      const isSame = known !== undefined && JSON.stringify(known.when) === JSON.stringify(one.when);
      const nextMs = isSame ? known.nextMs : startOf(one, entry.handledMs);
      this.#entries.set(one.stream, Object.assign(entry, one, { nextMs }));
    }
  }

  /** Streams that are kept. */
  get streams(): readonly string[] {
    return [...this.#entries.keys()];
  }

  /** Streams to be read now, in groups for one run each: those that share a mapping go together. */
  due(nowMs: number, groupsMax: number): readonly (readonly Due[])[] {
    const waiting = this.#free()
      .filter(({ nextMs }) => nextMs <= nowMs)
      .sort((one, other) => one.nextMs - other.nextMs);
    return grouped(waiting)
      .slice(0, Math.max(0, groupsMax))
      .map((group) => group.map((one) => ({ stream: one.stream, isCatchingUp: hasMissed(one, nowMs) })));
  }

  /** When to look again; undefined while everything waits for a run to end. */
  wakeAtMs(): number | undefined {
    const times = this.#free().map(({ nextMs }) => nextMs);
    return times.length === 0 ? undefined : Math.min(...times);
  }

  nextMs(stream: string): number {
    return this.#entries.get(stream)?.nextMs ?? Number.POSITIVE_INFINITY;
  }

  begin(stream: string, nowMs: number): void {
    const entry = this.#entries.get(stream);
    if (entry !== undefined) entry.startedMs = nowMs;
  }

  /** Notes how a run of a stream ended. Gives the moment up to which all is dealt with, where it went well. */
  end(stream: string, isWell: boolean, nowMs: number): number | undefined {
    const entry = this.#entries.get(stream);
    if (entry === undefined) return undefined;
    const startedMs = entry.startedMs ?? nowMs;
    entry.startedMs = undefined;
    if (!isWell) {
      entry.failures += 1;
      entry.nextMs = retryAt(entry, nowMs);
      return undefined;
    }
    entry.failures = 0;
    entry.handledMs = startedMs;
    entry.nextMs = startOf(entry, startedMs);
    return startedMs;
  }

  /** What may be read now: neither it nor what its mappings are made of is being read. */
  #free(): readonly Entry[] {
    const all = [...this.#entries.values()];
    const taken = new Set(all.filter(isBusy).flatMap(({ mappings }) => mappings));
    return all.filter((one) => !isBusy(one) && !one.mappings.some((mapping) => taken.has(mapping)));
  }
}

const isBusy = ({ startedMs }: Entry): boolean => startedMs !== undefined;

/** When the first moment after a time is kept, the jitter included. */
function startOf({ when, jitter }: Pick<Entry, 'when' | 'jitter'>, afterMs: number): number {
  const moment = momentAfter(when, afterMs);
  if (moment === undefined) return Number.POSITIVE_INFINITY;
  const following = momentAfter(when, moment) ?? Number.POSITIVE_INFINITY;
  return moment + Math.floor(jitter * Math.min(jitterMaxMs, (following - moment) * jitterShare));
}

function retryAt(entry: Entry, nowMs: number): number {
  const { failures } = entry;
  const soonest = nowMs + Math.min(retryMaxMs, retryFirstMs * 2 ** (failures - 1));
  return failures <= retriesMax ? soonest : Math.max(soonest, startOf(entry, nowMs));
}

function hasMissed({ when, handledMs }: Entry, nowMs: number): boolean {
  const first = momentAfter(when, handledMs);
  const second = first === undefined ? undefined : momentAfter(when, first);
  return second !== undefined && second <= nowMs;
}

function grouped(entries: readonly Entry[]): readonly (readonly Entry[])[] {
  const groups: Entry[][] = [];
  for (const entry of entries) {
    const shares = (other: Entry): boolean => other.mappings.some((one) => entry.mappings.includes(one));
    const joined = groups.filter((group) => group.some(shares));
    for (const group of joined) groups.splice(groups.indexOf(group), 1);
    groups.push([...joined.flat(), entry]);
  }
  return groups;
}
