import { limiter } from '../services/limiter.ts';

export const provider = limiter;
