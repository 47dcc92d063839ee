import { fileURLToPath } from 'node:url';

/** The repository's folder; benches run from `dist/`. */
export const packageFolder = fileURLToPath(new URL('../../../', import.meta.url));
