import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmdirSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface SmallDisk {
  /** Gives it more room. */
  grow(size: string): void;
  /** Leaves it only so much room besides what it holds. */
  leave(bytes: number): void;
  unmount(): void;
}

const mounted = new Set<string>();
const unmount = (folder: string): void => {
  if (!mounted.delete(folder)) return;
  execFileSync('umount', ['--lazy', folder], { stdio: 'ignore' });
};
process.once('exit', () => {
  for (const folder of mounted) unmount(folder);
});

/** Mounts a disk of this size, such as `2m`, at an empty folder. It is unmounted when the process ends, at the latest. */
export function smallDisk(folder: string, size: string): SmallDisk {
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', folder], { stdio: 'pipe' });
  mounted.add(folder);
  const resize = (to: string): void =>
    void execFileSync('mount', ['-o', `remount,size=${to}`, folder], { stdio: 'pipe' });
  return {
    grow: resize,
    leave(bytes) {
      const { blocks, bfree, bsize } = statfsSync(folder);
      resize(String((blocks - bfree) * bsize + bytes));
    },
    unmount: () => unmount(folder),
  };
}

let found: { readonly reason: string | undefined } | undefined;

/** Why no disk can be mounted here; undefined where one can. */
export function mountMissing(): string | undefined {
  found ??= { reason: tried() };
  return found.reason;
}

function tried(): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-mount-'));
  try {
    smallDisk(folder, '1m').unmount();
    return undefined;
  } catch {
    return 'a full disk needs the right to mount one (root, outside of most containers)';
  } finally {
    rmdirSync(folder);
  }
}
