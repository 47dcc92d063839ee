import { readdirSync, readFileSync } from 'node:fs';

/** A file of /proc; empty when its process has ended meanwhile. */
function read(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}

/** Fields of /proc/PID/stat by their number in proc(5), from 3 on: the name before them may hold anything. */
function statField(pid: number, number: number): number {
  const stat = read(`/proc/${pid}/stat`);
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[number - 3] ?? 0);
}

const parentField = 4;
const userField = 14;
const systemField = 15;
/** The unit of the times in /proc; 100 on every Linux that Node runs on. */
const ticksPerSecond = 100;

/** A process and all that descend from it. */
export function processTree(root: number): readonly number[] {
  const children = new Map<number, number[]>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const parent = statField(Number(name), parentField);
    children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  const tree = [root];
  for (const pid of tree) tree.push(...(children.get(pid) ?? []));
  return tree;
}

/**
 * Proportional set size of a process in bytes: its own pages, and of pages that it shares with others its share, so that
 * the sum over processes counts nothing twice.
 */
export const proportionalBytes = (pid: number): number =>
  Number(/^Pss:\s+(\d+) kB/m.exec(read(`/proc/${pid}/smaps_rollup`))?.[1] ?? 0) * 1024;

/** Processor time that a process has used, with all its threads. */
export const cpuSeconds = (pid: number): number =>
  (statField(pid, userField) + statField(pid, systemField)) / ticksPerSecond;
