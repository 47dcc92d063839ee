import { appendFileSync, cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageFolder } from '../support/package-folder.ts';

/** Records that come in a second, by the file of the lab that serves them. */
const perSecond = { orders: 100, contacts: 20 } as const;

const files = { orders: 'lab/marketplace/orders.ndjson', contacts: 'lab/crm/contacts.ndjson' } as const;

const orderOf = (id: number, at: string): string =>
  JSON.stringify({
    id: 1_000_000 + id,
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
    id: String(1_000_000 + id),
    properties: { email: `c${id}@mail.example`, createdate: at, lastmodifieddate: at },
  });

/** The storefront of `projects/`, whose lab has more orders and contacts as time goes on. */
export class GrowingShop {
  readonly folder: string;
  #filledMs: number;
  readonly #counts = { orders: 0, contacts: 0 };

  /** Begins with what came in the `seconds` before now. The catalog stays as it is. */
  constructor(folder: string, seconds: number) {
    this.folder = folder;
    rmSync(folder, { recursive: true, force: true });
    cpSync(join(packageFolder, 'projects/storefront'), folder, {
      recursive: true,
      filter: (path) => !path.endsWith('.etl'),
    });
    const project = join(folder, 'etl.yml');
    // Five minutes would be more than comes between two runs.
    writeFileSync(project, readFileSync(project, 'utf8').replace('lookback: 5m', 'lookback: 10s'));
    for (const file of Object.values(files)) writeFileSync(join(folder, file), '');
    this.#filledMs = Date.now() - seconds * 1000;
    this.fill(Date.now());
  }

  /** Adds what came until a time. */
  fill(untilMs: number): void {
    this.#append('orders', untilMs, orderOf);
    this.#append('contacts', untilMs, contactOf);
    this.#filledMs = untilMs;
  }

  #append(name: keyof typeof perSecond, untilMs: number, recordOf: (id: number, at: string) => string): void {
    const everyMs = 1000 / perSecond[name];
    let text = '';
    for (let ms = this.#filledMs; ms < untilMs; ms += everyMs) {
      this.#counts[name] += 1;
      text += `${recordOf(this.#counts[name], new Date(ms).toISOString())}\n`;
    }
    appendFileSync(join(this.folder, files[name]), text);
  }
}
