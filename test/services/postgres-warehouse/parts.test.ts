import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { expect } from 'chai';
import fc from 'fast-check';
import { loadLine } from '../../../engine/model/load-file.ts';
import { loadLines } from '../../../engine/services/postgres-warehouse/load-lines.ts';
import { positional } from '../../../engine/services/postgres-warehouse/parameters.ts';

describe('parameters of a statement for PostgreSQL', () => {
  it('have a number for each name, except in texts, names, comments and dollar quotes', () => {
    const sql = `-- it's $a
DO $etl$ SELECT '$b', "$c" $etl$; SELECT $run::text, $page, $run -- $d`;
    expect(positional(sql, { run: 'r', page: 2n ** 60n, other: 1 })).to.deep.equal({
      text: `-- it's $a
DO $etl$ SELECT '$b', "$c" $etl$; SELECT $1::text, $2, $1 -- $d`,
      values: ['r', '1152921504606846976'],
    });
  });

  it('must all have a value', () => {
    expect(() => positional('SELECT $nothing', {})).to.throw('$nothing has a value');
  });
});

/** The fields of lines, as PostgreSQL reads CSV: quotes begin and end anywhere. */
const fields = (text: string): string[] =>
  [...text.matchAll(/((?:"(?:[^"]|"")*"|[^",\n])*)[,\n]/g)].map(([, field = '']) =>
    field.replace(/"((?:[^"]|"")*)"/g, (_, inner: string) => inner.replaceAll('""', '"')),
  );

describe('lines of a load file for COPY', () => {
  const text = fc
    .array(fc.constantFrom('\n', '\r', '\\', '.', '"', ',', 'a', 'é'), { maxLength: 8 })
    .map((parts) => parts.join(''));

  it('say the same, and begin none with a backslash, wherever the file is cut', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(text, { minLength: 1 }),
        fc.integer({ min: 1, max: 5 }),
        async (values, size) => {
          const file = Buffer.from(loadLine(values));
          const chunks = Array.from({ length: Math.ceil(file.length / size) }, (_, at) =>
            file.subarray(at * size, (at + 1) * size),
          );
          const read = (await buffer(Readable.from(chunks).pipe(loadLines()))).toString();
          expect(fields(read)).to.deep.equal(values);
          expect(read).to.not.match(/[\n\r]\\/);
        },
      ),
    );
  });
});
