import { randomUUID } from 'node:crypto';
import { lostLock } from '../../model/locks.ts';
import type { Clock } from '../../model/ports.ts';
import type { LockView, LockWanted, WorkLocks } from '../../model/state-port.ts';
import { hasEnded, ownIdentity } from '../process-identity.ts';
import type { Database } from './database.ts';
import type { Handle } from './handle.ts';

/** A holder that died on another machine keeps its locks so long. Clocks of machines may differ by a part of it. */
const lockTtlMs = 60_000;

interface LockRow extends Omit<LockView, 'free'> {
  readonly token: string;
  readonly birth: string;
}

const columns =
  'name, token, holder, host, pid, birth, run, what, acquired_at AS "acquiredAt", expires_at AS "expiresAt"';

/** Locks in the table `locks`. All that one object has taken bear its token. */
export class StagingLocks implements WorkLocks {
  readonly ttlMs = lockTtlMs;
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #token = randomUUID();
  readonly #held = new Set<string>();

  constructor(database: Database, clock: Clock) {
    this.#database = database;
    this.#clock = clock;
  }

  async take(wanted: LockWanted): Promise<LockView | undefined> {
    const holder = await this.#database.write(async (handle) => {
      const found = await handle.first<LockRow>(`SELECT ${columns} FROM locks WHERE name = ?`, wanted.name);
      const free = found === undefined || this.#isFree(found);
      if (!free && found.token !== this.#token) return view(found, false);
      await this.#write(handle, wanted);
      return undefined;
    });
    if (holder === undefined) this.#held.add(wanted.name);
    return holder;
  }

  async renew(): Promise<ReadonlySet<string>> {
    const rows = await this.#database.write(async (handle) => {
      await handle.run('UPDATE locks SET expires_at = ? WHERE token = ?', this.#expiry(), this.#token);
      return handle.select<{ name: string }>('SELECT name FROM locks WHERE token = ?', this.#token);
    });
    return new Set(rows.map(({ name }) => name));
  }

  async release(names: readonly string[]): Promise<void> {
    for (const name of names) this.#held.delete(name);
    await this.#database.write(async (handle) => {
      for (const name of names)
        await handle.run('DELETE FROM locks WHERE name = ? AND token = ?', name, this.#token);
    });
  }

  async all(): Promise<readonly LockView[]> {
    const rows = await this.#database.read((handle) =>
      handle.select<LockRow>(`SELECT ${columns} FROM locks ORDER BY name`),
    );
    return rows.map((row) => view(row, this.#isFree(row)));
  }

  async unlock(name: string): Promise<boolean> {
    const { changes } = await this.#database.write((handle) =>
      handle.run('DELETE FROM locks WHERE name = ?', name),
    );
    return changes === 1;
  }

  /**
   * Within the transaction of a commit: what this object has taken must still be its own. It is renewed by the way, so that
   * nobody can take it before the commit is done.
   */
  async fence(handle: Handle, name: string): Promise<void> {
    if (!this.#held.has(name)) return;
    const sql = 'UPDATE locks SET expires_at = ? WHERE name = ? AND token = ?';
    const { changes } = await handle.run(sql, this.#expiry(), name, this.#token);
    if (changes !== 1) throw lostLock(name);
  }

  async #write(handle: Handle, { name, run, what }: LockWanted): Promise<void> {
    const { user, host, pid, birth } = ownIdentity();
    await handle.run(
      'INSERT INTO locks (name, token, holder, host, pid, birth, run, what, acquired_at, expires_at) ' +
        'VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET token = excluded.token, ' +
        'holder = excluded.holder, host = excluded.host, pid = excluded.pid, birth = excluded.birth, run = excluded.run, ' +
        'what = excluded.what, acquired_at = excluded.acquired_at, expires_at = excluded.expires_at',
      ...[name, this.#token, user, host, pid, birth, run, what],
      new Date(this.#clock.now()).toISOString(),
      this.#expiry(),
    );
  }

  #isFree(row: LockRow): boolean {
    return row.expiresAt <= new Date(this.#clock.now()).toISOString() || hasEnded(row);
  }

  #expiry(): string {
    return new Date(this.#clock.now() + this.ttlMs).toISOString();
  }
}

const view = ({ token: _token, birth: _birth, ...row }: LockRow, free: boolean): LockView => ({
  ...row,
  free,
});
