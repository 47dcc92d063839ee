import { json } from './json.ts';

export const text = json;
