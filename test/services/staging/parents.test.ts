import { parentsContract } from '../../contracts/parents-contract.ts';
import { onEach } from './each-database.ts';
import { stagingAt } from './places.ts';

onEach((name, place) => {
  parentsContract(name, async () => stagingAt(place()));
});
