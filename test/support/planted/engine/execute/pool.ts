import { extract } from './extract/extract.ts';

export const pool = extract;
