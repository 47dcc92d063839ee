import { appendFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import fc from 'fast-check';
import { compileDecoder } from '../../../engine/execute/map/bodies/decode.ts';
import type { FileAsk } from '../../../engine/model/ask.ts';
import { nextHeader } from '../../../engine/model/ask.ts';
import type { ApiResponse } from '../../../engine/model/batch.ts';
import type { CsvPlan } from '../../../engine/model/body-plan.ts';
import { ExplainedError } from '../../../engine/model/errors.ts';
import { LocalFiles } from '../../../engine/services/files/local-files.ts';
import { projectFolder } from '../../support/cli.ts';

const csv: CsvPlan = { delimiter: ',', quote: '"', encoding: 'utf-8', nullValue: '' };
const timeouts = { connectMs: 1000, headersMs: 1000, bodyMs: 1000, totalMs: 1000 };

class Reader {
  readonly #files: LocalFiles;
  #ask: FileAsk;

  constructor(folder: string, ask: Partial<FileAsk>) {
    this.#files = new LocalFiles(folder);
    this.#ask = { files: '/a.csv', format: 'csv', csv, rows: 2, order: 'name', ...ask };
  }

  /** The next page; undefined behind the last. */
  async page(maxResponseBytes = 1 << 20): Promise<ApiResponse & { readonly isLast: boolean }> {
    const url = `file://project/in${this.#ask.files}`;
    const request = { method: 'GET', url, headers: {}, body: JSON.stringify(this.#ask) } as const;
    const response = await this.#files.send(request, { timeouts, maxResponseBytes });
    const next = response.headers[nextHeader];
    if (next !== undefined) this.#ask = { ...this.#ask, ...JSON.parse(next) };
    return { ...response, isLast: next === undefined };
  }

  async all(): Promise<unknown[]> {
    const decode = compileDecoder('s', { format: 'csv', csv: this.#ask.csv ?? csv });
    const records: unknown[] = [];
    for (;;) {
      const page = await this.page();
      const found = decode?.(page.body, { ...(page.origin && { origin: page.origin }) });
      if (found === undefined || 'transient' in found) throw new Error(JSON.stringify(found));
      records.push(...found.response);
      if (page.isLast) break;
    }
    await this.#files.close();
    return records;
  }
}

const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'none',
    (error: unknown) => (error instanceof ExplainedError ? error.diagnostic.code : String(error)),
  );

describe('a file that is read in parts', function () {
  this.timeout(60_000);

  it('gives the records, with their lines, that it gives as a whole', async () => {
    const folder = projectFolder({ 'in/a.csv': '' });
    const field = fc.string({ unit: fc.constantFrom('a', 'é', '"', ',', '\n', '\r', '\r\n', '#') });
    const table = fc.array(fc.tuple(field, field), { maxLength: 9 });
    const end = fc.constantFrom('\n', '\r\n', '\r');
    const encoding = fc.constantFrom('utf-8' as const, 'utf-16le' as const);
    await fc.assert(
      fc.asyncProperty(
        table,
        end,
        encoding,
        fc.integer({ min: 1, max: 4 }),
        async (lines, eol, coded, rows) => {
          const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;
          const body = ['a,b', ...lines.map((row) => row.map(quoted).join(','))].join(eol);
          const bytes = Buffer.from(body, coded === 'utf-8' ? 'utf8' : 'utf16le');
          writeFileSync(join(folder, 'in/a.csv'), bytes);
          writeFileSync(join(folder, 'in/b.csv.gz'), gzipSync(bytes));
          const options = { csv: { ...csv, encoding: coded } };
          const whole = await new Reader(folder, { ...options, rows: 100 }).all();
          expect(
            whole.map((one) => [
              (one as Record<string, unknown>)['a'],
              (one as Record<string, unknown>)['b'],
            ]),
          ).to.deep.equal(lines);
          expect(await new Reader(folder, { ...options, rows }).all()).to.deep.equal(whole);
          const packed = await new Reader(folder, { ...options, rows, files: '/b.csv.gz' }).all();
          const place = ({ _file, _modified, ...rest }: Record<string, unknown>): unknown => rest;
          expect(packed.map((one) => place(one as Record<string, unknown>))).to.deep.equal(
            whole.map((one) => place(one as Record<string, unknown>)),
          );
        },
      ),
      { numRuns: 150 },
    );
  });

  it('is not read on once it has changed, or is gone', async () => {
    const folder = projectFolder({ 'in/a.csv': 'id\n1\n2\n3\n' });
    const grown = new Reader(folder, {});
    expect((await grown.page()).isLast).to.equal(false);
    appendFileSync(join(folder, 'in/a.csv'), '4\n');
    expect(await codeOf(grown.page())).to.equal('ETL0482');
    const gone = new Reader(folder, {});
    await gone.page();
    rmSync(join(folder, 'in/a.csv'));
    expect(await codeOf(gone.page())).to.equal('ETL0482');
    expect(await codeOf(new Reader(folder, {}).page())).to.equal('ETL0480');
  });

  it('goes on with the next file, also one that has come meanwhile', async () => {
    const folder = projectFolder({ 'in/a.csv': 'id\n1\n', 'in/c.csv': 'id\n3\n' });
    const reader = new Reader(folder, { files: '/*.csv', rows: 1 });
    expect((await reader.page()).origin?.file).to.equal('a.csv');
    writeFileSync(join(folder, 'in/d.csv'), 'id\n4\n');
    expect((await reader.page()).origin?.file).to.equal('c.csv');
    const last = await reader.page();
    expect([last.origin?.file, last.isLast]).to.deep.equal(['d.csv', true]);
  });

  it('says that nothing is new, which is no error', async () => {
    const folder = projectFolder({ 'in/a.csv': 'id\n1\n' });
    const page = await new Reader(folder, { from: 'a.csv', behind: true }).page();
    expect({ nothing: page.nothing, isLast: page.isLast }).to.deep.equal({ nothing: true, isLast: true });
  });
});
