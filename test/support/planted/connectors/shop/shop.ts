import { engine } from '../../engine/engine.ts';

export const shop = engine;
