import { connectors } from './connectors.ts';
import { estimate } from './estimate.ts';
import { files } from './files.ts';
import { limits } from './limits.ts';
import { load } from './load.ts';
import { parity } from './parity.ts';
import { serve } from './serve.ts';
import { soak } from './soak.ts';
import { storefront } from './storefront.ts';
import { type BenchResult, keepResult } from './support/results.ts';

/** `npm run bench -- NAME [options]`: measures, prints a table, and as its last line the figures as one JSON object. */
const benches: { readonly [name: string]: (args: readonly string[]) => Promise<BenchResult> } = {
  storefront,
  limits,
  soak,
  load,
  parity,
  estimate,
  serve,
  connectors,
  files,
};

const [name = '', ...args] = process.argv.slice(2);
const bench = Object.hasOwn(benches, name) ? benches[name] : undefined;
if (bench === undefined) {
  process.stderr.write(
    `npm run bench -- NAME [options]; NAME is one of: ${Object.keys(benches).join(', ')}\n`,
  );
  process.exit(64);
}
const result = await bench(args);
keepResult(name, `npm run bench -- ${[name, ...args].join(' ')}`, result);
process.stdout.write(`${result.table}\n${JSON.stringify(result.figures)}\n`);
