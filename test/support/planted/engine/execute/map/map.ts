import { extract } from '../extract/extract.ts';

export const map = extract;
