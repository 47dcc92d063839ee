import type { TokenServices } from '../../engine/execute/extract/tokens/token-services.ts';
import type { Locks, Memory, References } from '../../engine/model/ports.ts';
import { undiciHttpClient } from '../../engine/services/undici-http-client.ts';
import { VirtualClock } from './virtual-clock.ts';

const tokenKey = 'a key of more than thirty-two characters';

/** What the test's environment holds. */
const values: { readonly [name: string]: string } = {
  ID: 'client',
  SECRET: 'clients-secret',
  REFRESH: 'refresh-0',
  PASSWORD: 'hunter2-password',
  TOKEN_KEY: tokenKey,
};

export function testReferences(over: { readonly [name: string]: string } = {}): References {
  const known = { ...values, ...over };
  const hidden = new Set<string>(['clients-secret', 'hunter2-password']);
  return {
    resolve: (text) => text.replace(/\$\{env:(\w+)\}/g, (_, name: string) => known[name] ?? ''),
    redact: (text) => [...hidden].reduce((shown, value) => shown.replaceAll(value, '***'), text),
    hide: (value) => hidden.add(value),
  };
}

/** A memory that is forgotten with the test. */
export function mapMemory(): Memory & { readonly texts: Map<string, string> } {
  const texts = new Map<string, string>();
  return {
    texts,
    recall: async (name) => texts.get(name),
    remember: async (name, text) => void texts.set(name, text),
    forget: async (name) => void texts.delete(name),
    swap: async (name, before, text) => {
      if (texts.get(name) !== before) return false;
      texts.set(name, text);
      return true;
    },
  };
}

/** Locks that keep nobody out: as if each process had its own. */
function openLocks(): Locks {
  const locks = {
    exclusively: <T>(_name: string, _ttlMs: number, work: (lost: AbortSignal) => Promise<T>): Promise<T> =>
      work(new AbortController().signal),
    close: async () => {},
  };
  return locks;
}

/** All that tokens need, over a real HTTP client and a clock that only jumps. */
export const tokenServices = (url: string, over: Partial<TokenServices> = {}): TokenServices => ({
  clock: new VirtualClock(),
  http: undiciHttpClient(),
  references: testReferences(),
  memory: mapMemory(),
  locks: openLocks(),
  random: () => 0.5,
  signal: new AbortController().signal,
  runId: 'run-1',
  environment: 'dev',
  tokenKey: '${env:TOKEN_KEY}',
  tokenUrl: () => `${url}/token`,
  signingKey: () => '',
  ...over,
});
