import type { MakePaced } from './paced.ts';

/** No limiter: what is wanted is sent. */
export const none: MakePaced = async (_options, { once }) => ({
  async send() {
    await once();
  },
  close: async () => {},
});
