import type * as config from '../../../engine/model/config.ts';
import { type Fault, fault, runStruck, same } from './fault.ts';

const cut = (name: string, ...strikes: readonly config.LabFault[]): Fault =>
  fault(name, async (struck) => {
    const lab = struck.ground.labs.first;
    await lab.strike(strikes);
    try {
      return same('exit code', (await runStruck(struck)).code, 0);
    } finally {
      await lab.calm();
    }
  });

/** What a run has to get over by itself, on its way to the API. */
export const networkFaults: readonly Fault[] = [
  cut('connection cut in mid-body', { kind: 'truncate', every: 4 }),
  cut('half a body that looks whole', { kind: 'malform', every: 5 }),
  cut('connection reset', { kind: 'reset', every: 4 }),
  cut('answers of 503 between the pages', { kind: 'unavailable', every: 5, count: 2, retryAfter: '0ms' }),
];
