import { memoryCache } from '../../../engine/services/cache/memory-cache.ts';
import { cacheContract } from '../../contracts/cache-contract.ts';

cacheContract('memory', async (clock) => memoryCache(clock));
