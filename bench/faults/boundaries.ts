const parsed = (boundary: string): { readonly name: string; readonly times: number } => {
  const [, name = boundary, times = '1'] = /^(.*) (\d+)$/.exec(boundary) ?? [];
  return { name, times: Number(times) };
};

/**
 * Ends of calls of the engine's services, of its transactions and steps: each of them, each time, is a boundary to die at. When
 * one begins there is what the one before has left.
 */
const everyTime = /^(?:staging\.|warehouse: COMMIT|staging: COMMIT|step noted|file (?:plan|report)).* ended$/;

/**
 * Boundaries of a run to die at, in its order: ends of calls, transactions and steps each time; of what comes within them
 * (statements, requests, files), and of beginnings, the first, the middle and the last time.
 */
export function chosenBoundaries(trace: readonly string[]): readonly string[] {
  const last = new Map<string, number>();
  for (const { name, times } of trace.map(parsed)) last.set(name, Math.max(last.get(name) ?? 0, times));
  return trace.filter((boundary) => {
    const { name, times } = parsed(boundary);
    const end = last.get(name) ?? 1;
    return everyTime.test(name) || times === 1 || times === end || times === Math.ceil(end / 2);
  });
}
