import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { type Acceptance, acceptRetail, warehouseOf } from '../../bench/retail/acceptance.ts';
import type { RetailLine } from '../../bench/retail/lines.ts';
import { retailSample, sampleCutoff, writeRetailFile } from '../../bench/retail/sample.ts';
import { compareWithFile } from '../../bench/retail/warehouse.ts';
import { Findings } from '../../bench/support/findings.ts';

/** In thousandths, digit by digit: prices of the sample have at most three decimals. */
function controlSum(lines: readonly RetailLine[]): number {
  return lines.reduce((sum, { quantity, unitPrice }) => {
    const [whole = '', fraction = ''] = unitPrice.split('.');
    return sum + Number(quantity) * Number(`${whole}${fraction.padEnd(3, '0')}`);
  }, 0);
}

const count = (values: readonly (string | null)[]): number =>
  new Set(values.filter((one) => one !== null)).size;

describe('a small shop as dirty as the real one', function () {
  this.timeout(120_000);

  const folder = mkdtempSync(join(tmpdir(), 'sluice-retail-'));
  const file = join(folder, 'sample.csv.gz');
  const project = join(folder, 'project');
  const lines = retailSample(2011);
  let accepted: Acceptance;

  before(async () => {
    writeRetailFile(file, lines);
    accepted = await acceptRetail({ file, folder: project, pageRecords: 20, cutoff: sampleCutoff });
  });

  after(() => rmSync(folder, { recursive: true, force: true }));

  it('has duplicates, cancellations, missing customers and descriptions, and times shared by invoices', () => {
    const invoices = count(lines.map(({ invoiceNo }) => invoiceNo));
    const texts = lines.map((line) => JSON.stringify(line));
    expect(texts.length).to.be.greaterThan(count(texts));
    expect(
      lines.some(({ invoiceNo, quantity }) => invoiceNo.startsWith('C') && quantity.startsWith('-')),
    ).to.equal(true);
    expect(lines.some(({ customerId }) => customerId === null)).to.equal(true);
    expect(lines.some(({ description }) => description === null)).to.equal(true);
    expect(lines.some(({ unitPrice }) => Number(unitPrice) <= 0)).to.equal(true);
    expect(count(lines.map(({ invoiceDate }) => invoiceDate))).to.be.lessThan(invoices);
  });

  it('arrives in two runs, the second incremental, without a refused request or a lost row', () => {
    expect(accepted.findings.wrong()).to.deep.equal([]);
  });

  it('adds up to what the sample was made of', () => {
    expect(accepted.totals).to.deep.equal({
      invoices: count(lines.map(({ invoiceNo }) => invoiceNo)),
      lines: lines.length,
      customers: count(lines.map(({ customerId }) => customerId)),
      products: count(lines.map(({ stockCode }) => stockCode)),
      controlSum: (controlSum(lines) / 1000).toFixed(3),
    });
  });

  it('is not accepted when the file has one line more, or one of another price', async () => {
    const [first, second] = lines as [RetailLine, RetailLine];
    writeRetailFile(file, [first, ...lines.slice(1), { ...second, unitPrice: '3.141' }]);
    const more = new Findings();
    await compareWithFile(warehouseOf(project), file, more);
    expect(more.wrong().map(({ what, found }) => [what, found])).to.deep.equal([['missing lines', '1']]);

    writeRetailFile(file, [{ ...first, unitPrice: '3.141' }, ...lines.slice(1)]);
    const other = new Findings();
    await compareWithFile(warehouseOf(project), file, other);
    expect(other.wrong().map(({ what, found }) => [what, found])).to.deep.equal([
      ['missing lines', '1'],
      ['surplus lines', '1'],
    ]);
  });
});
