import type { MakePaced } from './paced.ts';

/** No limiter: what is wanted is sent. */
export const none: MakePaced = async () => ({
  async send(once) {
    await once();
  },
  close: async () => {},
});
