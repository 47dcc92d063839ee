import { listingsContract } from '../../contracts/listings-contract.ts';
import { onEach } from './each-database.ts';
import { stagingAt } from './places.ts';

onEach((name, place) => {
  listingsContract(name, async () => stagingAt(place()));
});
