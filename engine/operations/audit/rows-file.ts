import { createHash } from 'node:crypto';
import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type StagedValue, stagedMeta } from '../../model/batch.ts';
import { loadFields } from '../../model/load-file.ts';
import type { StagedRow } from '../../model/ports.ts';

export interface WrittenRows {
  readonly rows: number;
  /** Rows whose hash is not that of their values. */
  readonly damaged: number;
  /** The first of them: record and page. */
  readonly examples: readonly { readonly record: string; readonly page: number }[];
}

const examplesMax = 5;
const hashDigits = 32;

/** Writes staged rows to a load file, a batch at a time, and makes the hash of each anew. Markers are no rows. */
export async function writeRows(
  path: string,
  batches: AsyncIterable<readonly StagedRow[]>,
): Promise<WrittenRows> {
  await mkdir(dirname(path), { recursive: true });
  const file = await open(path, 'w');
  const examples: { record: string; page: number }[] = [];
  let rows = 0;
  let damaged = 0;
  try {
    for await (const batch of batches) {
      let text = '';
      for (const row of batch) {
        const line = lineOf(row);
        text += line.text;
        rows += Number(line.isRow);
        if (line.fits) continue;
        damaged += 1;
        if (examples.length < examplesMax) examples.push({ record: line.record, page: line.page });
      }
      await file.appendFile(text);
    }
  } finally {
    await file.close();
  }
  return { rows, damaged, examples };
}

function lineOf(row: StagedRow) {
  const own = row.length - stagedMeta.length;
  const meta = (name: (typeof stagedMeta)[number]): StagedValue =>
    row[own + stagedMeta.indexOf(name)] ?? null;
  const values = loadFields(row, 0, own);
  const hash = createHash('sha256').update(values).digest('hex').slice(0, hashDigits);
  return {
    text: `${values},${loadFields(row, own, stagedMeta.length)}\n`,
    isRow: meta('_op') === null,
    fits: meta('_op') !== null || hash === meta('_hash'),
    record: String(meta('_record')),
    page: Number(meta('_page')),
  };
}
