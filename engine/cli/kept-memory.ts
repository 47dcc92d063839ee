import { ExplainedError } from '../model/errors.ts';
import type { Memory } from '../model/ports.ts';

/** Remembers in staging, and in the process while staging is away: nobody is told twice for that. */
export function keptMemory(memory: Memory): Pick<Memory, 'recall' | 'remember'> {
  const known = new Map<string, string>();
  const unwritten = new Set<string>();
  return {
    recall: async (name) => {
      if (unwritten.has(name)) return known.get(name);
      try {
        return await memory.recall(name);
      } catch (error) {
        return unlessExplained(error, known.get(name));
      }
    },
    remember: async (name, text) => {
      known.set(name, text);
      unwritten.add(name);
      try {
        await memory.remember(name, text);
        unwritten.delete(name);
      } catch (error) {
        unlessExplained(error, undefined);
      }
    },
  };
}

function unlessExplained<T>(error: unknown, instead: T): T {
  if (!(error instanceof ExplainedError)) throw error;
  return instead;
}
