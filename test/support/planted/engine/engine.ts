import { limiter } from './services/limiter.ts';

export const engine = limiter;
