import type { Clock, ResponseCache } from '../../model/ports.ts';
import { systemClock } from '../clock.ts';
import { packed, unpacked } from './packed.ts';

interface Entry {
  readonly bytes: Buffer;
  readonly expiresMs: number;
}

/** In the order in which they were kept. */
interface Group {
  readonly entries: Map<string, Entry>;
  bytes: number;
}

/** A cache of this process alone. Each group is bounded; what is kept first is dropped first. */
export function memoryCache(clock: Clock = systemClock): ResponseCache {
  const groups = new Map<string, Group>();
  return {
    find: async (name, key) => {
      const entry = groups.get(name)?.entries.get(key);
      if (entry === undefined || entry.expiresMs <= clock.now()) return undefined;
      return (await unpacked(entry.bytes)).response;
    },
    keep: async (name, key, response, { keepMs, bytesMax }) => {
      const expiresMs = response.atMs + keepMs;
      const bytes = await packed({ response, expiresMs });
      const group = groups.get(name) ?? { entries: new Map<string, Entry>(), bytes: 0 };
      groups.set(name, group);
      drop(group, key);
      group.entries.set(key, { bytes, expiresMs });
      group.bytes += bytes.length;
      dropOldest(group, bytesMax, clock.now());
    },
    drop: async (name) => {
      groups.delete(name);
    },
    unanswered: () => 0,
    close: async () => groups.clear(),
  };
}

function drop(group: Group, key: string): void {
  group.bytes -= group.entries.get(key)?.bytes.length ?? 0;
  group.entries.delete(key);
}

/** Drops the oldest, as long as it has expired or there is too much. */
function dropOldest(group: Group, bytesMax: number, nowMs: number): void {
  for (const [key, { expiresMs }] of group.entries) {
    if (group.bytes <= bytesMax && expiresMs > nowMs) return;
    drop(group, key);
  }
}
