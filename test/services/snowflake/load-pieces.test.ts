import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect } from 'chai';
import fc from 'fast-check';
import { loadLine } from '../../../engine/model/load-file.ts';
import { loadPieces } from '../../../engine/services/snowflake-warehouse/load-pieces.ts';

type Cell = string | number | null;

/** Fields of a CSV text; a field without quotes and characters is NULL, and numbers are without quotes. */
function read(text: string): Cell[][] {
  const rows: Cell[][] = [];
  let row: Cell[] = [];
  const field = /(?:"((?:[^"]|"")*)"|([^,\n"]*))([,\n])/gy;
  for (let found = field.exec(text); found !== null; found = field.exec(text)) {
    const [, quoted, plain = '', end] = found;
    row.push(quoted?.replaceAll('""', '"') ?? (plain === '' ? null : Number(plain)));
    if (end !== '\n') continue;
    rows.push(row);
    row = [];
  }
  return rows;
}

describe('load files for Snowflake', function () {
  this.timeout(60_000);
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sluice-pieces-'));
  });

  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const pieces = async (rows: readonly (readonly Cell[])[], bytes: number): Promise<string[]> => {
    const file = join(folder, 'rows.csv');
    writeFileSync(file, rows.map(loadLine).join(''));
    const found: string[] = [];
    for await (const path of loadPieces(file, folder, bytes)) found.push(path);
    return found;
  };

  const content = (path: string): Cell[][] => read(gunzipSync(readFileSync(path)).toString());

  it('tell NULL, the empty text and \\N apart', async () => {
    const rows = [[null, '', '\\N', 'N', '"', ',', 'a\nb', '\\', 1.5, null]];
    const [path = ''] = await pieces(rows, 1024);
    expect(gunzipSync(readFileSync(path)).toString()).to.equal(',"","\\N","N","""",",","a\nb","\\",1.5,\n');
    expect(content(path)).to.deep.equal(rows);
  });

  it('are none where there are no rows', async () => {
    expect(await pieces([], 1024)).to.deep.equal([]);
  });

  it('hold every row, and nobody else may read them', async () => {
    const cell = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('\\N', '\n', '"', ''),
      fc.integer(),
      fc.constant(null),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(cell, { minLength: 3, maxLength: 3 }), { minLength: 1 }),
        async (rows) => {
          const paths = await pieces(rows, 1);
          expect(paths.flatMap(content)).to.deep.equal(rows);
          for (const path of paths) expect(statSync(path).mode & 0o077).to.equal(0);
        },
      ),
      { numRuns: 30 },
    );
  });

  it('are cut at row ends, also where texts have line ends', async () => {
    let seed = 1;
    const random = (): string => {
      seed = (seed * 48271) % 2147483647;
      return seed.toString(36);
    };
    const rows = Array.from({ length: 60_000 }, (_, at) => [
      at,
      `${random()}\n"${random()}",${random()}`,
      null,
    ]);
    const paths = await pieces(rows, 256 * 1024);
    expect(paths.length).to.be.greaterThan(2);
    expect(paths.flatMap(content)).to.deep.equal(rows);
    const sizes = paths.map((path) => statSync(path).size);
    for (const size of sizes.slice(0, -1)) expect(size).to.be.within(256 * 1024, 1024 * 1024);
  });
});
