import { setTimeout as delay } from 'node:timers/promises';
import type { MakePaced } from './paced.ts';

/** What most clients do: send, and on a 429 wait as long as it says, or a second, and send again. */
export const retry: MakePaced = async (_options, { once }) => {
  return {
    async send() {
      for (let reply = await once(); reply.status === 429; reply = await once()) {
        const seconds = Number(reply.headers['retry-after'] ?? 1);
        await delay(seconds * 1000);
      }
    },
    close: async () => {},
  };
};
