import { cpSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import { packageFolder } from '../support/package-folder.ts';

/** Records that come in a second. */
const perSecond = { orders: 40, contacts: 8 } as const;

const files = { orders: 'lab/marketplace/orders.ndjson', contacts: 'lab/crm/contacts.ndjson' } as const;

/** How much of the past the lab serves: more than a run and its lookback. */
const servedSeconds = 25 * 60;

const orderOf = (id: number, at: string): string =>
  JSON.stringify({
    id,
    status: 'shipped',
    test: false,
    created_at: at,
    updated_at: at,
    currency: 'EUR',
    total: { amount: '12.50' },
    buyer: { email: `buyer${id}@mail.example`, country: 'DE' },
    lines: [{ sku: 'CHA-136', title: 'Cotton Chair', quantity: 1 + (id % 3), price: 19.35 }],
  });

const contactOf = (id: number, at: string): string =>
  JSON.stringify({
    id: String(id),
    properties: { email: `c${id}@mail.example`, createdate: at, lastmodifieddate: at },
  });

/**
 * The storefront of `projects/`, to which orders and contacts come all the time. So that a quarter of an hour between two runs
 * need not be waited for, what was is moved into the past: the ledger and the records alike. The catalog stays as it is.
 */
export class GrowingShop {
  readonly folder: string;
  #movedMs = 0;

  constructor(folder: string) {
    this.folder = folder;
    rmSync(folder, { recursive: true, force: true });
    cpSync(join(packageFolder, 'projects/storefront'), folder, {
      recursive: true,
      filter: (path) => !path.endsWith('.etl'),
    });
  }

  /** Serves what has come until now. */
  fill(): void {
    this.#write('orders', orderOf);
    this.#write('contacts', contactOf);
  }

  /** Lets time pass. */
  pass(seconds: number): void {
    this.#movedMs += seconds * 1000;
    const database = new DatabaseSync(join(this.folder, '.etl/lab/staging.sqlite'));
    const by = `'-${seconds} seconds'`;
    const moved = (column: string): string => `strftime('%Y-%m-%dT%H:%M:%fZ', ${column}, ${by})`;
    const cursor = (column: string): string => `strftime('%Y-%m-%dT%H:%M:%f', ${column}, ${by}) || '000Z'`;
    database.exec(
      `UPDATE runs SET started_at = ${moved('started_at')}, finished_at = ${moved('finished_at')}`,
    );
    database.exec(`UPDATE pages SET staged_at = ${moved('staged_at')}`);
    const growing = `stream IN (${Object.keys(perSecond)
      .map((name) => `'${name}'`)
      .join(', ')})`;
    database.exec(`UPDATE positions SET cursor = ${cursor('cursor')} WHERE ${growing}`);
    database.exec(
      `UPDATE pages SET cursor = ${cursor('cursor')}, begins_at = ${cursor('begins_at')} WHERE ${growing}`,
    );
    database.close();
  }

  /** A record is known by when it came, in the time of the shop. */
  #write(name: keyof typeof perSecond, recordOf: (id: number, at: string) => string): void {
    const rate = perSecond[name];
    const nowMs = Date.now() + this.#movedMs;
    const last = Math.floor((nowMs / 1000) * rate);
    const first = last - servedSeconds * rate;
    const lines = Array.from({ length: last - first }, (_, at) => {
      const id = first + at + 1;
      return recordOf(id, new Date((id / rate) * 1000 - this.#movedMs).toISOString());
    });
    writeFileSync(join(this.folder, files[name]), `${lines.join('\n')}\n`);
  }
}
