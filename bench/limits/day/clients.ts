import { setMaxListeners } from 'node:events';
import { compileSource } from '../../../engine/compile/source.ts';
import { Channels } from '../../../engine/execute/extract/channels.ts';
import { staticCredentials } from '../../../engine/execute/extract/credentials.ts';
import { newMeter } from '../../../engine/execute/extract/meter.ts';
import { send } from '../../../engine/execute/extract/send.ts';
import type { ApiResponse } from '../../../engine/model/batch.ts';
import type { Clock, HttpClient, References } from '../../../engine/model/ports.ts';
import { limiterOver } from '../../../engine/services/limiter/limiter.ts';
import { LocalStore } from '../../../engine/services/limiter/local/local-store.ts';
import type { MarketServer } from './market-server.ts';
import { type Marketplace, sourceOf } from './marketplaces.ts';

/** How one process of a client sends one request of an account, to its good end. */
export type SendToEnd = (account: string) => Promise<void>;

/** Makes the processes of a client for a marketplace. */
export type MakeClient = (
  market: Marketplace,
  server: MarketServer,
  clock: Clock,
  processes: number,
) => readonly SendToEnd[];

const retryMs = 2000;

/** The client of before: whatever the error is, it waits a little and sends again. */
export const legacy: MakeClient = (_market, server, clock, processes) =>
  Array.from({ length: processes }, () => async (account) => {
    for (let reply = await server.answer(account); reply.status !== 200; reply = await server.answer(account))
      await clock.sleep(retryMs);
  });

const noReferences: References = { resolve: (text) => text, redact: (text) => text, hide: () => {} };

/** Sluice: each process has its limiter and the engine's own sending, and the budget is in one store. */
export const sluice: MakeClient = (market, server, clock, processes) => {
  const source = compileSource(sourceOf(market));
  const store = new LocalStore(clock);
  const { signal } = new AbortController();
  setMaxListeners(0, signal);
  return Array.from({ length: processes }, (): SendToEnd => {
    const limiter = limiterOver(store, { clock });
    const channels = new Channels(({ auth }) => staticCredentials(auth, noReferences));
    return async (account) => {
      const http: HttpClient = {
        send: (): Promise<ApiResponse> => server.answer(account),
        close: async () => {},
      };
      const services = {
        clock,
        http,
        limiter,
        references: noReferences,
        channels,
        random: Math.random,
        signal,
      };
      const stream = { source: market.name, name: 'orders', account, weight: 1, priority: 'normal' } as const;
      const request = { method: 'GET', url: `${source.baseUrl}/orders`, headers: {} } as const;
      await send({ source, stream, meter: newMeter(), services }, request, async () => {});
    };
  });
};
