import { setMaxListeners } from 'node:events';
import { compileSource } from '../../../engine/compile/source.ts';
import { Channels } from '../../../engine/execute/extract/channels.ts';
import { staticCredentials } from '../../../engine/execute/extract/credentials.ts';
import { exchange } from '../../../engine/execute/extract/exchange.ts';
import { newMeter } from '../../../engine/execute/extract/meter.ts';
import { send } from '../../../engine/execute/extract/send.ts';
import type { Sender } from '../../../engine/execute/extract/sender.ts';
import type { Metrics, References } from '../../../engine/model/ports.ts';
import { systemClock } from '../../../engine/services/clock.ts';
import { redisLimiter } from '../../../engine/services/limiter/redis-limiter.ts';
import type { MakePaced } from './paced.ts';

const noReferences: References = { resolve: (text) => text, redact: (text) => text, hide: () => {} };

/** Ours, as a run has it: the budget compiled from what a source file says, the engine's own sending, and Redis. */
export const sluice: MakePaced = async (options, { request, http }) => {
  const source = compileSource({
    kind: 'source',
    name: 'shop',
    baseUrl: options.url,
    budget: { domain: options.domain, ...options.budget },
    streams: {},
  });
  let late = 0;
  const metrics: Metrics = {
    add(name, value) {
      if (name === 'late_permits') late += value;
    },
    record: () => {},
    set: () => {},
    close: async () => {},
  };
  const limiter = redisLimiter({ url: options.redisUrl, prefix: 'bench', clock: systemClock, metrics });
  const stopped = new AbortController();
  // All that wait in this process listen to it.
  setMaxListeners(0, stopped.signal);
  const sender: Sender = {
    source,
    stream: { source: 'shop', name: 'orders', account: 'default', weight: 1, priority: 'normal' },
    meter: newMeter(),
    services: {
      clock: systemClock,
      http,
      limiter,
      references: noReferences,
      channels: new Channels(({ auth }) => staticCredentials(auth, noReferences)),
      random: Math.random,
      signal: stopped.signal,
    },
  };
  return {
    async send() {
      if (options.reacts) await send(sender, request, async () => {});
      else await exchange(sender, request);
    },
    late: () => late,
    async drift() {
      const { limits } = await limiter.status(source.budget);
      return limits[0]?.drift;
    },
    async close() {
      stopped.abort(new Error('the worker ends'));
      await limiter.close();
    },
  };
};
