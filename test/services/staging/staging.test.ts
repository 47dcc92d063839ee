import { openStaging } from '../../../engine/services/staging/staging.ts';
import { stagingContract } from '../../contracts/staging-contract.ts';
import { stillClock } from '../../contracts/staging-samples.ts';
import { onEach } from './each-database.ts';
import { stagingAt } from './places.ts';

onEach((name, place) => {
  stagingContract(name, async () => stagingAt(place()));
});

stagingContract('SQLite in memory', async () =>
  openStaging({ storage: ':memory:', environment: 'dev', clock: stillClock }),
);
