import { readFileSync } from 'node:fs';

export const compile = readFileSync;
