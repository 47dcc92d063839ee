import { randomBytes } from 'node:crypto';

/** Identity of a run: sorts by time, and two runs in one second differ. */
export const runIdentity = (now: Date): string =>
  `${now.toISOString().slice(0, 19).replace(/[-:]/g, '').replace('T', '-')}-${randomBytes(3).toString('hex')}`;
