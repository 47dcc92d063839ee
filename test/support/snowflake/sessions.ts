import { randomBytes } from 'node:crypto';
import type { Access } from './access.ts';
import { authenticated, type Credentials, type Refusal, type Users } from './accounts.ts';
import type { Database } from './database.ts';
import type { TableLocks } from './locks.ts';
import { type Parameter, Session } from './session.ts';

export interface LoginRequest extends Credentials {
  readonly SESSION_PARAMETERS?: { readonly [name: string]: Parameter };
}

/** Where a session wants to work, as the client asks for it. */
export interface Wanted {
  readonly role?: string;
  readonly warehouse?: string;
  readonly database?: string;
  readonly schema?: string;
}

export interface Login {
  readonly session: Session;
  readonly token: string;
  readonly masterToken: string;
}

interface Held {
  readonly session: Session;
  readonly master: string;
  state: 'valid' | 'expired';
}

export const isRefusal = (value: object): value is Refusal => 'code' in value;

/** Sessions by their tokens. */
export class Sessions {
  readonly #users: Users;
  readonly #database: Database;
  readonly #access: Access;
  readonly #locks: TableLocks;
  readonly #held = new Map<string, Held>();
  #created = 0;
  /** Sessions that were opened in all, and logins that were refused. */
  opened = 0;
  refused = 0;

  constructor(users: Users, database: Database, access: Access, locks: TableLocks) {
    this.#users = users;
    this.#database = database;
    this.#access = access;
    this.#locks = locks;
  }

  get open(): number {
    return new Set([...this.#held.values()].map(({ session }) => session.id)).size;
  }

  async login(request: LoginRequest, wanted: Wanted): Promise<Login | Refusal> {
    const who = authenticated(this.#users, request.ACCOUNT_NAME ?? '', request);
    const role = isRefusal(who) ? undefined : (wanted.role ?? who.user.role);
    if (isRefusal(who) || role === undefined) {
      this.refused += 1;
      return who as Refusal;
    }
    if (role !== who.user.role && !who.user.roles?.includes(role)) {
      const message = `Role '${role}' specified in the connect string does not exist or not authorized. Contact your local system administrator, or attempt to login with another role.`;
      return { code: '390189', message };
    }
    this.#created += 1;
    const session = new Session(this.#created, who.name, role, await this.#database.connect());
    this.opened += 1;
    this.#settle(session, {
      ...(who.user.warehouse !== undefined && { warehouse: who.user.warehouse }),
      ...wanted,
    });
    for (const [name, value] of Object.entries(request.SESSION_PARAMETERS ?? {}))
      session.parameters.set(name, value);
    return { session, ...this.#issue(session) };
  }

  /** What does not exist or may not be used is simply not current: only a statement that needs it fails. */
  #settle(session: Session, { warehouse, database, schema }: Wanted): void {
    const { role } = session;
    if (warehouse !== undefined && this.#access.canUse(role, 'WAREHOUSE', warehouse))
      session.warehouse = warehouse;
    if (database === undefined || !this.#access.canUse(role, 'DATABASE', database)) return;
    session.database = database;
    const name = [database, schema ?? 'PUBLIC'];
    const found = this.#access.catalog.schemas.get(name);
    if (found?.owner === role || (found && this.#access.may(role, 'USAGE', 'SCHEMA', name)))
      session.schema = name[1];
  }

  #issue(session: Session, master = randomBytes(24).toString('hex')): { token: string; masterToken: string } {
    const token = randomBytes(24).toString('hex');
    this.#held.set(token, { session, master, state: 'valid' });
    return { token, masterToken: master };
  }

  /** The session of a token, or why there is none. */
  of(token: string): Session | Refusal {
    const held = this.#held.get(token);
    if (held === undefined || !held.session.isOpen)
      return {
        code: '390104',
        message: 'Session no longer exists. New login required to access the service.',
      };
    if (held.state === 'expired')
      return { code: '390112', message: 'Your session has expired. Please login again.' };
    return held.session;
  }

  expire(session: Session): void {
    for (const held of this.#held.values()) if (held.session === session) held.state = 'expired';
  }

  /** A new token for one that has expired, by the master token that came with it. */
  renew(old: string, master: string): (Login & { session: Session }) | Refusal {
    const held = this.#held.get(old);
    if (held === undefined || held.master !== master || !held.session.isOpen)
      return { code: '390115', message: 'Master token is invalid.' };
    this.#held.delete(old);
    return { session: held.session, ...this.#issue(held.session, held.master) };
  }

  /** Ends a session: what it had open is rolled back, its temporary things are gone. */
  async close(session: Session): Promise<void> {
    if (!session.isOpen) return;
    session.isOpen = false;
    for (const [token, held] of this.#held) if (held.session === session) this.#held.delete(token);
    session.connection.interrupt();
    await session.inTurn(async () => {
      if (session.transaction !== 'none') await session.connection.run('ROLLBACK').catch(() => undefined);
      session.connection.closeSync();
      this.#locks.free(session.id);
      for (const stage of this.#access.catalog.stages.all())
        if (stage.session === session.id) this.#access.catalog.stages.delete(stage.name);
    });
  }

  async closeAll(): Promise<void> {
    const all = new Set([...this.#held.values()].map(({ session }) => session));
    await Promise.all([...all].map((session) => this.close(session)));
  }
}
