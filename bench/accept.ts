import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { acceptRetail } from './retail/acceptance.ts';
import { packageFolder } from './support/package-folder.ts';

/** `npm run accept -- online-retail`: the whole way over a year of real transactions, each of them accounted for. */

/** What the published data set holds; see docs/bench.md. */
const published = {
  invoices: 25_900,
  lines: 541_909,
  customers: 4_372,
  products: 4_070,
  controlSum: '9747747.934',
} as const;

function refuse(message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(64);
}

const [name] = process.argv.slice(2);
if (name !== 'online-retail') refuse('npm run accept -- online-retail');
const file = process.env['SLUICE_RETAIL'] ?? '';
if (file === '')
  refuse('SLUICE_RETAIL is to name online-retail.csv.gz; docs/bench.md says where it comes from.');
if (!existsSync(file)) refuse(`SLUICE_RETAIL names ${file}, and there is no such file.`);

const { findings, totals } = await acceptRetail({
  file,
  folder: join(packageFolder, '.etl/accept/online-retail'),
  pageRecords: 250,
  cutoff: '2011-12-01T00:00:00Z',
});
for (const key of Object.keys(published) as (keyof typeof published)[]) {
  findings.same(`${key} as published`, totals[key], published[key]);
}
process.stdout.write(`${findings.table()}\n`);
if (findings.wrong().length > 0) {
  process.stdout.write(`${findings.wrong().length} of ${findings.all.length} findings are wrong.\n`);
  process.exitCode = 1;
}
const { controlSum, ...counts } = totals;
process.stdout.write(`${JSON.stringify({ ...counts, control_sum: Number(controlSum) })}\n`);
