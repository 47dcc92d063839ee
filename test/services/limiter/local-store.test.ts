import type { Clock } from '../../../engine/model/ports.ts';
import { LocalStore } from '../../../engine/services/limiter/local/local-store.ts';
import { limiterStoreContract } from '../../contracts/limiter-store-contract.ts';

describe('the store of budgets in the process', () => {
  limiterStoreContract(async () => {
    let nowUs = 0;
    const clock: Clock = {
      now: () => 0,
      monotonicUs: () => nowUs,
      sleep: async () => {},
    };
    return {
      store: new LocalStore(clock),
      setUs: (us) => {
        nowUs = us;
      },
    };
  });
});
