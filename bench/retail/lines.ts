import { createReadStream, existsSync } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { parse } from 'csv-parse';

/** One line of the file; `description` and `customerId` are null where the file has nothing. */
export interface RetailLine {
  readonly invoiceNo: string;
  readonly stockCode: string;
  readonly description: string | null;
  readonly quantity: string;
  /** ISO 8601, UTC. */
  readonly invoiceDate: string;
  /** As the file writes it: a JSON number. */
  readonly unitPrice: string;
  readonly customerId: string | null;
  readonly country: string;
}

/** The header of the file. */
export const retailHeader =
  'InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country';

const dateForm = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/;
const numberForm = /^-?(?:0|[1-9]\d*)(?:\.\d+)?$/;

function lineOf(fields: readonly string[], number: number): RetailLine {
  const [invoiceNo = '', stockCode = '', description = '', quantity = '', date = '', unitPrice = ''] = fields;
  const [customer = '', country = ''] = fields.slice(6);
  if (!dateForm.test(date) || !numberForm.test(unitPrice) || !numberForm.test(quantity)) {
    throw new Error(
      `record ${number} of the file has a date or a number of another form: ${fields.join(',')}`,
    );
  }
  return {
    invoiceNo,
    stockCode,
    description: description === '' ? null : description,
    quantity,
    invoiceDate: `${date.replace(' ', 'T')}Z`,
    unitPrice,
    // The file has been through a table of doubles, which left their mark: 17850.0.
    customerId: customer === '' ? null : customer.replace(/\.0$/, ''),
    country,
  };
}

/** Reads the file, a gzipped CSV in UTF-8. @throws Error when it is missing or of another form */
export async function readRetailLines(file: string): Promise<readonly RetailLine[]> {
  if (!existsSync(file)) throw new Error(`There is no file ${file}.`);
  const lines: RetailLine[] = [];
  const records = parse({ relax_column_count: false, skip_empty_lines: true });
  await pipeline(createReadStream(file), createGunzip(), records, async (source) => {
    let number = 0;
    for await (const fields of source as AsyncIterable<readonly string[]>) {
      if (number > 0) lines.push(lineOf(fields, number));
      else if (fields.join(',') !== retailHeader)
        throw new Error(`${file} does not begin with ${retailHeader}`);
      number += 1;
    }
  });
  return lines;
}
