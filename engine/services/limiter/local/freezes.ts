import type { FreezeOrder, FreezeStatus } from '../../../model/ports.ts';
import {
  type AskLimit,
  freezeBaseUs,
  freezeExtraShare,
  freezeExtraUs,
  freezeMaxUs,
  frostUs,
  type Later,
  probeLeaseUs,
  probePollUs,
  scopeOf,
  type Ticket,
} from '../store.ts';
import type { Frost } from './allowance.ts';

/** A freeze of a scope: the whole domain (the empty one), a limit, or one partition of it. */
export interface Freeze {
  /** Infinity until somebody thaws it. */
  untilUs: number;
  cause: FreezeOrder['cause'];
  reason: string;
  /** Freezes in a row, without a good answer in between. */
  count: number;
  /** After its end one request is tried; a good answer opens it for all. */
  half: boolean;
  /** Ticket of the one that is tried, and until when it is waited for. */
  probe: string;
  probeUntilUs: number;
  /** Number of the latest freeze that a throttle caused, in this domain. */
  cut: number;
}

export type Freezes = Record<string, Freeze>;

const wholeDomain = '';

/** The scope that an order freezes. */
export const scopeOfOrder = ({ limit }: FreezeOrder): string =>
  limit === undefined ? wholeDomain : scopeOf(limit.id, limit.partition);

/** Scopes whose freezes bear on a limit. */
const scopesOf = ({ id, partition }: AskLimit): readonly string[] => [
  wholeDomain,
  scopeOf(id),
  scopeOf(id, partition),
];

const scopesOfAll = (limits: readonly AskLimit[]): ReadonlySet<string> =>
  new Set([wholeDomain, ...limits.flatMap(scopesOf)]);

/** What freezes in the past still mean for a limit. */
export function frostOf(freezes: Freezes, limit: AskLimit): Frost {
  const touching = scopesOf(limit).flatMap((scope) => freezes[scope] ?? []);
  const ends = touching.map(({ untilUs }) => untilUs).filter(Number.isFinite);
  return { untilUs: Math.max(0, ...ends), cut: Math.max(0, ...touching.map(({ cut }) => cut)) };
}

/** Why a request must wait for freezes; undefined when none stands in its way. */
export function frozen(
  freezes: Freezes,
  limits: readonly AskLimit[],
  nowUs: number,
): Omit<Later, 'processes'> | undefined {
  let longest: Omit<Later, 'processes'> | undefined;
  for (const scope of scopesOfAll(limits)) {
    const freeze = freezes[scope];
    if (freeze === undefined) continue;
    const later = waitFor(freeze, nowUs);
    if (later !== undefined && later.waitUs > (longest?.waitUs ?? 0)) longest = later;
  }
  return longest;
}

function waitFor(freeze: Freeze, nowUs: number): Omit<Later, 'processes'> | undefined {
  const { reason, cause, untilUs, half, probeUntilUs } = freeze;
  const why = { kind: 'later', boundBy: 'freeze', reason, cause } as const;
  if (nowUs < untilUs) return { ...why, waitUs: untilUs - nowUs, why: 'freeze' };
  if (!half || nowUs >= probeUntilUs) return undefined;
  return { ...why, waitUs: Math.min(probePollUs, probeUntilUs - nowUs), why: 'probe' };
}

/** Makes a granted request the one that is tried; gives the scopes that it tries. */
export function probe(
  freezes: Freezes,
  limits: readonly AskLimit[],
  ticket: string,
  slotUs: number,
): readonly string[] {
  const tried = [...scopesOfAll(limits)].filter((scope) => freezes[scope]?.half === true);
  for (const scope of tried) {
    const freeze = freezes[scope];
    if (freeze === undefined) continue;
    freeze.probe = ticket;
    freeze.probeUntilUs = slotUs + probeLeaseUs;
  }
  return tried;
}

/**
 * A tried request has ended: a good answer opens the scope, anything else lets another one try. One that was tried before
 * a newer freeze says nothing of that.
 */
export function probed(freezes: Freezes, { id, probes }: Ticket, answered: boolean): void {
  for (const scope of probes) {
    const freeze = freezes[scope];
    if (freeze?.probe !== id) continue;
    freeze.probe = '';
    freeze.probeUntilUs = 0;
    if (!answered) continue;
    freeze.half = false;
    freeze.count = 0;
  }
}

/**
 * Freezes a scope; one that is frozen already stays so at least as long. What an API asks for is never shortened; when it
 * asks for nothing, each freeze without a good answer in between is twice as long, with jitter.
 */
export function freeze(
  freezes: Freezes,
  order: FreezeOrder,
  cut: number,
  random: number,
  nowUs: number,
): Freeze {
  const scope = scopeOfOrder(order);
  const before = freezes[scope];
  const again = before !== undefined && nowUs < before.untilUs;
  const count = again ? before.count : (before?.count ?? 0) + 1;
  const untilUs = nowUs + freezeUs(order, count, random);
  const outlasted = again && before.untilUs >= untilUs;
  const made: Freeze = {
    untilUs: outlasted ? before.untilUs : untilUs,
    // Whoever asks why is told what holds longest.
    cause: outlasted ? before.cause : order.cause,
    reason: outlasted ? before.reason : order.reason,
    count,
    half: true,
    probe: '',
    probeUntilUs: 0,
    cut: order.cause === 'throttle' && !again ? cut : (before?.cut ?? 0),
  };
  forget(freezes, nowUs);
  freezes[scope] = made;
  return made;
}

/** Freezes that were opened long ago. */
function forget(freezes: Freezes, nowUs: number): void {
  for (const [scope, { half, untilUs }] of Object.entries(freezes))
    if (!half && untilUs < nowUs - frostUs) delete freezes[scope];
}

function freezeUs({ cause, ms }: FreezeOrder, count: number, random: number): number {
  const asked = ms === undefined ? undefined : ms * 1000;
  if (cause === 'manual') return asked ?? Number.POSITIVE_INFINITY;
  if (asked !== undefined) return asked * (1 + freezeExtraShare) + freezeExtraUs;
  if (cause === 'ban') return Number.POSITIVE_INFINITY;
  return Math.min(freezeMaxUs, freezeBaseUs * 2 ** (count - 1)) * (0.5 + random / 2);
}

/** Ends the freezes of a scope and of its partitions, or all; gives how many. What they cut of rates comes back slowly. */
export function thaw(freezes: Freezes, scope: string | undefined, nowUs: number): number {
  const meant = Object.keys(freezes).filter(
    (one) => scope === undefined || one === scope || one.startsWith(`${scope} `),
  );
  const standing = meant.filter((one) => {
    const { untilUs, half } = freezes[one] as Freeze;
    return half || nowUs < untilUs;
  });
  for (const one of standing) {
    const frozen = freezes[one] as Freeze;
    freezes[one] = { ...frozen, untilUs: Math.min(frozen.untilUs, nowUs), half: false, count: 0 };
  }
  return standing.length;
}

/** Freezes that stand, for people. */
export const freezeStatuses = (freezes: Freezes, nowUs: number): readonly FreezeStatus[] =>
  Object.entries(freezes)
    .filter(([, { untilUs, half }]) => half || nowUs < untilUs)
    .map(([scope, { untilUs, cause, reason }]) => {
      const [limit = '', partition] = scope.split(/ (.*)/s);
      return {
        ...(limit !== '' && { limit }),
        ...(partition !== undefined && { partition }),
        cause,
        reason,
        ...(Number.isFinite(untilUs) && { remainingMs: Math.max(0, untilUs - nowUs) / 1000 }),
      };
    });
