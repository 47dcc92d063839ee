import { text } from './text.ts';

export const json = text;
