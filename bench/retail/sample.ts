import { writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { type RetailLine, retailHeader } from './lines.ts';

const invoicesCount = 400;
/** Invoices from here on belong to the last days of the shop. */
const earlyCount = 370;
const firstMs = Date.parse('2011-11-01T08:00:00Z');

/** Time that separates the sample's last days from the rest. */
export const sampleCutoff = '2011-12-01T00:00:00Z';

const descriptions = [
  'WHITE HANGING HEART T-LIGHT HOLDER',
  ' RED SPOTTY CUP ',
  'CAKE STAND, 3 TIER "VINTAGE"',
  'Dotcomgiftshop Gift Voucher £40.00',
  'wrongly  coded',
  null,
] as const;

/** Scales from none to three decimals, nothing for free samples, and less than nothing for a bad debt. */
const prices = ['2.55', '0.0', '0.001', '12', '8.125', '-11062.06', '649.5', '0.29'] as const;
const countries = ['United Kingdom', 'EIRE', 'Germany', 'Unspecified'] as const;

/** Marsaglia's xorshift with 32 bits: the same seed gives the same sample on every machine. */
function randomOf(seed: number): (below: number) => number {
  let state = seed | 0 || 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

/** Eleven invoices an hour share seven minutes; none is written across the cutoff. */
function minuteOf(invoice: number): number {
  const start =
    invoice < earlyCount ? firstMs : Date.parse(sampleCutoff) - Math.floor(earlyCount / 11) * 3_600_000;
  return start + Math.floor(invoice / 11) * 3_600_000 + (invoice % 7) * 60_000;
}

function lineOf(random: (below: number) => number, invoice: number, at: number): RetailLine {
  const cancelled = invoice % 13 === 5;
  const stock = String(20_000 + random(90)) + ['', 'A', 'a', ' B'][random(4)];
  return {
    invoiceNo: `${cancelled ? 'C' : ''}${536_365 + invoice}`,
    stockCode: stock,
    description: descriptions[random(descriptions.length)] ?? null,
    quantity: String((cancelled ? -1 : 1) * (1 + random(80))),
    // A long invoice is written in two minutes.
    invoiceDate: new Date(minuteOf(invoice) + (at > 8 ? 60_000 : 0)).toISOString().replace('.000Z', 'Z'),
    unitPrice: prices[random(prices.length)] ?? '1',
    customerId: invoice % 4 === 1 ? null : String(12_346 + ((invoice * 7) % 60)),
    country: countries[invoice % countries.length] ?? 'EIRE',
  };
}

/** A small shop as dirty as the real one: see the comments above, and some lines stand twice. */
export function retailSample(seed: number): readonly RetailLine[] {
  const random = randomOf(seed);
  return Array.from({ length: invoicesCount }, (_, invoice) => {
    const lines = Array.from({ length: 1 + random(12) }, (_, at) => lineOf(random, invoice, at));
    return invoice % 9 === 2 ? [...lines, ...lines.slice(0, 1)] : lines;
  }).flat();
}

const csvField = (text: string): string => (/[",]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

const csvLine = (line: RetailLine): string =>
  [
    line.invoiceNo,
    line.stockCode,
    line.description ?? '',
    line.quantity,
    line.invoiceDate.replace('T', ' ').replace('Z', ''),
    line.unitPrice,
    line.customerId === null ? '' : `${line.customerId}.0`,
    line.country,
  ]
    .map(csvField)
    .join(',');

/** Writes lines as the published file has them. */
export function writeRetailFile(file: string, lines: readonly RetailLine[]): void {
  writeFileSync(file, gzipSync(`${[retailHeader, ...lines.map(csvLine)].join('\n')}\n`));
}
