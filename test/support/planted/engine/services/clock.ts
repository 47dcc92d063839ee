import { expect } from 'chai';

export const clock = expect;
