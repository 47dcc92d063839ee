import type { Metrics } from '../../model/ports.ts';

/** For a run that nobody measures. */
export const noMetrics: Metrics = {
  add: () => {},
  record: () => {},
  set: () => {},
  close: async () => {},
};
