import { readFileSync, readlinkSync } from 'node:fs';
import { hostname, userInfo } from 'node:os';

/** Who a process is, to be told from every other one that ever had its pid. */
export interface ProcessIdentity {
  readonly user: string;
  readonly host: string;
  readonly pid: number;
  /**
   * Boot of the machine, namespace of its pids, and when the process was started. Empty where the system does not tell: then
   * nobody can say whether it has ended.
   */
  readonly birth: string;
}

const userName = (): string => {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.() ?? 'unknown');
  }
};

/** Boot and pid namespace: a pid means the same process for whoever shares both. */
function place(): string | undefined {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return `${boot} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return undefined;
  }
}

/** When a process was started, in ticks since the boot; undefined when there is no such process, or only its remains. */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name in parentheses may hold anything; the state and 20 numbers later the start follow it.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

/** This process. */
export function ownIdentity(): ProcessIdentity {
  const [where, start] = [place(), startOf(process.pid)];
  const birth = where === undefined || start === undefined ? '' : `${where} ${start}`;
  return { user: userName(), host: hostname(), pid: process.pid, birth };
}

/** Whether a process has certainly ended. One of another machine or container is never known to have. */
export function hasEnded({ pid, birth }: Pick<ProcessIdentity, 'pid' | 'birth'>): boolean {
  const where = place();
  if (where === undefined || !birth.startsWith(`${where} `)) return false;
  return `${where} ${startOf(pid)}` !== birth;
}
