import { TransientError } from '../../../model/errors.ts';
import { type IssuedToken, isFresh, type TokenProvider, type TokenSource } from './issued-token.ts';
import { type FoundState, hashOf, type KeptState, KeptStates } from './kept-state.ts';
import { persistently, refreshMaxMs } from './persistently.ts';
import {
  lostToken,
  type Refresh,
  renewedForever,
  TokenDelayedError,
  TokenRefusedError,
} from './token-failures.ts';
import { lockMs, lockName, type TokenServices } from './token-services.ts';
import type { Vault } from './vault.ts';

/** How often to look whether another process is done. */
const lookMs = 200;
const looksMax = 600;
const savesMax = 5;
const saveAgainMs = 1000;

/**
 * Tokens that all processes of an environment share, kept encrypted. One of them refreshes at a time: the lock makes the
 * others wait, and should it fail to (it may be each process's own, or run out), what is kept is replaced only by whoever
 * saw it last. A refresh is announced before it is asked for and its answer is kept before it is used, so that a token
 * that dies with its process is noticed.
 */
export class KeptTokens implements TokenSource {
  readonly #source: string;
  readonly #provider: TokenProvider;
  readonly #services: TokenServices;
  readonly #states: KeptStates;
  readonly #purpose: string;

  constructor(source: string, provider: TokenProvider, vault: Vault, services: TokenServices) {
    this.#source = source;
    this.#provider = provider;
    this.#services = services;
    const { memory, environment } = services;
    this.#states = new KeptStates({
      memory,
      environment,
      source,
      vault,
      configured: provider.refreshToken,
    });
    this.#purpose = hashOf(provider.purpose);
  }

  async current(refused: string | undefined): Promise<IssuedToken> {
    const { locks, environment, signal } = this.#services;
    const kept = this.#usable((await this.#states.find()).state, refused);
    if (kept !== undefined) return kept;
    const name = lockName(environment, this.#source);
    return locks.exclusively(name, lockMs, () => this.#renewed(refused), signal);
  }

  /** What another process has renewed meanwhile, or what a refresh of our own brings. */
  async #renewed(refused: string | undefined): Promise<IssuedToken> {
    const { clock, signal } = this.#services;
    for (let looks = 0; looks < looksMax; looks += 1) {
      const found = await this.#states.find();
      const kept = this.#usable(found.state, refused);
      if (kept !== undefined) return kept;
      const claimed = this.#isTaken(found.state) ? undefined : await this.#claim(found);
      if (claimed !== undefined) return this.#refresh(claimed);
      await clock.sleep(lookMs, signal);
    }
    throw renewedForever(this.#source);
  }

  #usable({ token, purpose }: KeptState, refused: string | undefined): IssuedToken | undefined {
    if (token === undefined || purpose !== this.#purpose || token.accessToken === refused) return undefined;
    if (!isFresh(token, this.#services.clock.now())) return undefined;
    this.#services.references.hide(token.accessToken);
    return token;
  }

  /** Whether another process is refreshing. One that has had its time is dead. */
  #isTaken({ pending }: KeptState): boolean {
    return pending !== undefined && Math.abs(this.#services.clock.now() - pending.sinceMs) < refreshMaxMs;
  }

  /** Announces a refresh. What an earlier one had announced, and not kept, is lost until the provider says otherwise. */
  #claim(found: FoundState): Promise<FoundState | undefined> {
    const { refreshToken, pending: before, lost = before } = found.state;
    return this.#states.replace(found, {
      ...(refreshToken !== undefined && { refreshToken }),
      ...(lost !== undefined && { lost }),
      pending: { run: this.#services.runId, sinceMs: this.#services.clock.now() },
    });
  }

  async #refresh(claimed: FoundState): Promise<IssuedToken> {
    const { references, signal } = this.#services;
    const refreshToken =
      this.#provider.refreshToken && (claimed.state.refreshToken ?? this.#provider.refreshToken);
    if (refreshToken !== undefined) references.hide(refreshToken);
    let isUncertain = false;
    const attempt = (): Promise<IssuedToken> =>
      // What may hold the only valid token is waited for, also by a run that is being stopped.
      this.#provider
        .issue(refreshToken, refreshToken === undefined ? signal : undefined)
        .catch((error: unknown) => {
          isUncertain ||= mayHaveIssued(error);
          throw error;
        });
    const answer = await persistently(attempt, this.#services).catch((error: unknown) => ({ error }));
    if ('error' in answer) return this.#failed(claimed, isUncertain, answer.error);
    const { refreshToken: next = refreshToken, ...token } = answer;
    return this.#save(claimed, {
      token,
      purpose: this.#purpose,
      ...(refreshToken !== undefined && next !== undefined && { refreshToken: next }),
    });
  }

  /** Keeps a new token. Nothing may be lost here, so a database that is locked is tried again. */
  async #save(claimed: FoundState, state: NewState): Promise<IssuedToken> {
    let found = claimed;
    for (let saves = 1; saves <= savesMax; saves += 1) {
      try {
        const kept = await this.#keep(found, state);
        if ('accessToken' in kept) return kept;
        found = kept;
      } catch (error) {
        if (!(error instanceof TransientError) || saves === savesMax) throw error;
        await this.#services.clock.sleep(saveAgainMs);
      }
    }
    throw renewedForever(this.#source);
  }

  /** The token that is kept now; or what is there instead, when this process stood still and another one took over. */
  async #keep(found: FoundState, state: NewState): Promise<IssuedToken | FoundState> {
    if ((await this.#states.replace(found, state)) !== undefined) return state.token;
    const theirs = await this.#states.find();
    return this.#usable(theirs.state, undefined) ?? theirs;
  }

  /** Takes the announcement back, or leaves word that an answer was lost; unless another process has a token by now. */
  async #failed(claimed: FoundState, isUncertain: boolean, error: unknown): Promise<IssuedToken> {
    const { pending, lost: before, ...state } = claimed.state;
    const lost = isUncertain ? pending : before;
    const back = await this.#states.replace(claimed, { ...state, ...(lost && { lost }) });
    if (back === undefined) {
      const theirs = this.#usable((await this.#states.find()).state, undefined);
      if (theirs !== undefined) return theirs;
    }
    throw this.#explained(error, lost);
  }

  #explained(error: unknown, lost: Refresh | undefined): unknown {
    const isRefused = error instanceof TokenRefusedError && !otherReasons.has(error.reason ?? '');
    if (this.#provider.refreshToken === undefined || lost === undefined || !isRefused) return error;
    return lostToken(this.#source, lost, error);
  }
}

type NewState = KeptState & { readonly token: IssuedToken };

/** Refusals that are not about the refresh token. */
const otherReasons = new Set([
  'invalid_client',
  'unauthorized_client',
  'unsupported_grant_type',
  'invalid_scope',
]);

/** Whether the provider may have issued a token although none arrived. */
const mayHaveIssued = (error: unknown): boolean =>
  error instanceof TokenDelayedError ? error.isUncertain : !(error instanceof TokenRefusedError);
