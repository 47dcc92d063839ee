import { forgettingContract } from '../../contracts/forgetting-contract.ts';
import { onEach } from './each-database.ts';
import { stagingAt } from './places.ts';

onEach((name, place) => {
  forgettingContract(name, async () => stagingAt(place()));
});
