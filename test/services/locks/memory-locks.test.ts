import { memoryLocks } from '../../../engine/services/locks/memory-locks.ts';
import { locksContract } from '../../contracts/locks-contract.ts';

locksContract('memory', async () => {
  const locks = memoryLocks();
  return [locks, locks];
});
