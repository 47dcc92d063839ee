import { createHash } from 'node:crypto';
import type { IssuedToken } from './issued-token.ts';
import { type Refresh, unreadableKept } from './token-failures.ts';
import { memoryName, type TokenServices } from './token-services.ts';
import type { Vault } from './vault.ts';

/** What is remembered of one account's tokens. */
export interface KeptState {
  /** Hash of what the access token is good for. */
  readonly purpose?: string;
  readonly token?: Omit<IssuedToken, 'refreshToken'>;
  /** The one to use next; absent for grants that need none, and before the first refresh. */
  readonly refreshToken?: string;
  /** Written before a refresh is asked for, and gone once its answer is kept: whoever finds it old knows that its run died. */
  readonly pending?: Refresh;
  /** The last refresh whose answer nobody knows. */
  readonly lost?: Refresh;
}

/** A state and the very text that was remembered, to be replaced only while it is still that. */
export interface FoundState {
  readonly text: string | undefined;
  readonly state: KeptState;
}

type Drawer = Pick<TokenServices, 'memory' | 'environment'> & {
  readonly source: string;
  readonly vault: Vault;
  /** The refresh token of the project; undefined for grants without one. */
  readonly configured: string | undefined;
};

/**
 * The state as the memory has it. Its name holds a hash of the configured refresh token: a new one begins anew, and a
 * process that still has the old one cannot spoil it. It is sealed for environment, source and account.
 */
export class KeptStates {
  readonly #drawer: Drawer;
  readonly #name: string;
  readonly #about: string;

  constructor(drawer: Drawer) {
    const { environment, source, configured } = drawer;
    this.#drawer = drawer;
    this.#name = memoryName(source, hashOf(configured ?? '').slice(0, 16));
    this.#about = JSON.stringify([environment, this.#name]);
  }

  /** @throws TerminalError when a refresh token is kept that cannot be decrypted. */
  async find(): Promise<FoundState> {
    const { memory, vault, source, environment, configured } = this.#drawer;
    const text = await memory.recall(this.#name);
    if (text === undefined) return { text, state: {} };
    const opened = vault.open(text, this.#about);
    if (opened !== undefined) return { text, state: JSON.parse(opened) as KeptState };
    if (configured !== undefined) throw unreadableKept(source, environment);
    // An access token that cannot be read is no loss: another one is asked for.
    return { text, state: {} };
  }

  /** Replaces what was found; undefined when another process was quicker. */
  async replace({ text }: FoundState, state: KeptState): Promise<FoundState | undefined> {
    const sealed = this.#drawer.vault.seal(JSON.stringify(state), this.#about);
    return (await this.#drawer.memory.swap(this.#name, text, sealed)) ? { text: sealed, state } : undefined;
  }
}

/** SHA-256, hex. */
export const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex');
