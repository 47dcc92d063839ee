export { inFirstMinute, perMinute } from '../model/pace.ts';
