import { read } from '../read/read.ts';

export const plan = read;
