import { openStaging } from '../../../engine/services/staging/staging.ts';
import { stagingContract } from '../../contracts/staging-contract.ts';
import { stillClock } from '../../contracts/staging-samples.ts';
import { scratchFile } from './scratch.ts';

stagingContract('SQLite in a file', async () =>
  openStaging({ storage: scratchFile(), environment: 'dev', clock: stillClock }),
);

stagingContract('SQLite in memory', async () =>
  openStaging({ storage: ':memory:', environment: 'dev', clock: stillClock }),
);
