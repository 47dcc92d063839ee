import { read } from '../read/read.ts';

export const validate = read;
