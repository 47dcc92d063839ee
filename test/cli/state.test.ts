import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { api, etl, json, ordersProject, tableOf } from '../support/cli.ts';

const stream = `    paginate: {type: none}
    cursor: {field: changed, type: timestamp, lookback: 5m, from: {query: since}}`;
const instant = (day: number): string => `2026-01-0${day}T00:00:00Z`;

const shop = () =>
  api((_, response) =>
    json(response, { orders: [1, 2].map((id) => ({ id: String(id), total: 'many', changed: instant(id) })) }),
  );

const state = (folder: string, ...words: readonly string[]) => etl(['state', ...words, '-p', folder]);

const shown = async (folder: string) => JSON.parse((await state(folder, 'show', '--json')).stdout).result;

const edit = (folder: string, file: string, change: (text: string) => string): void =>
  writeFileSync(join(folder, file), change(readFileSync(join(folder, file), 'utf8')));

describe('etl state', function () {
  this.timeout(180_000);

  it('says that nothing was read yet, and makes nothing', async () => {
    const folder = ordersProject('https://shop.example', { stream });
    const { code, stdout } = await state(folder);
    expect(code).to.equal(0);
    expect(stdout).to.equal('Nothing has been read in the environment dev yet.\n');
  });

  it('shows a stream, sets its cursor back and forth, and forgets it', async () => {
    const provider = await shop();
    try {
      const folder = ordersProject(provider.url, { stream });
      expect((await etl(['run', '-p', folder, '--quiet'])).code).to.equal(0);
      const { stdout } = await state(folder, 'show', 'shop.orders');
      expect(stdout).to.match(/^shop\.orders\n {2}fetched {2}2026-01-02T00:00:00\.000000Z, at /);
      expect(stdout).to.contain('settled  page 1, cursor 2026-01-02T00:00:00.000000Z');
      expect(stdout).to.match(/pages {4}1 with 2 records; 1 kept in \d+ B/);
      expect(stdout).to.contain('→ orders: loaded through page 1, nothing pending, 2 rows set aside');
      expect(stdout)
        .to.contain('Nobody holds a lock.')
        .and.to.match(/ succeeded$/m);

      const wrong = await state(folder, 'set', 'shop.orders', '--cursor', '2026-01-01');
      expect(wrong.code).to.equal(64);
      expect(wrong.stderr).to.contain(
        'takes an instant with its zone, such as 2026-01-31T08:15:00Z, not `2026-01-01`',
      );
      const back = await state(folder, 'set', 'shop.orders', '--cursor', instant(1));
      expect(back.stdout).to.contain('is 2026-01-01T00:00:00.000000Z; it was 2026-01-02T00:00:00.000000Z');
      expect(back.stdout).to.contain('is read again').and.to.contain('less its lookback of 5 min 00 s');
      const forth = await state(folder, 'set', 'shop.orders', '--cursor', '2026-01-05T02:00:00+02:00');
      expect(forth.stdout).to.contain('is left out');
      expect((await shown(folder)).streams[0].fetched.cursor).to.equal('2026-01-05T00:00:00.000000Z');

      const all = await state(folder, 'reset', '--all');
      expect(all.code).to.equal(64);
      expect(all.stderr).to.contain('confirm it with --confirm dev');
      const reset = await state(folder, 'reset', 'shop.orders', '--pages');
      expect(reset.stdout).to.contain('its position is forgotten, and 1 page with all that was made of them');
      const [after] = (await shown(folder)).streams;
      expect(after.fetched).to.deep.equal({});
      expect(after.pages.all).to.equal(0);
    } finally {
      await provider.close();
    }
  });

  it('knows a stream without a cursor, and a lock that nobody holds', async () => {
    const folder = ordersProject('https://shop.example');
    const set = await state(folder, 'set', 'shop.orders', '--cursor', '1');
    expect(set.code).to.equal(3);
    expect(set.stderr).to.contain('error[ETL0944]: the stream shop.orders declares no cursor');
    const unlock = await state(folder, 'unlock', 'extract:shop.orders');
    expect(unlock.code).to.equal(3);
    expect(unlock.stderr).to.contain('error[ETL0945]: nobody holds the lock extract:shop.orders');
  });

  it('drops responses that are no longer kept, and says what cannot be mapped again', async () => {
    const provider = await api((_, response) => json(response, { orders: [{ id: '1', total: '1.00' }] }));
    try {
      const folder = ordersProject(provider.url, {
        environment: 'staging: {keep: {pages: 0s}}',
        stream: '    paginate: {type: none}',
      });
      // The run itself drops what it has loaded.
      expect((await etl(['run', '-p', folder, '--quiet'])).code).to.equal(0);
      expect((await shown(folder)).streams[0].pages).to.include({ all: 1, kept: 0 });
      const vacuum = await state(folder, 'vacuum');
      expect(vacuum.stdout).to.contain('Dropped 0 responses').and.to.contain('The database was rewritten');
      edit(
        folder,
        'mappings/orders.yml',
        (text) => `${text}  label: {template: "order {{id}}", type: string}\n`,
      );
      const plan = await etl(['plan', '--from-ledger', '-p', folder]);
      expect(plan.stdout).to.contain('1 page cannot be, since retention has let the response go');
      const run = await etl(['run', '--from-ledger', '--json', '-p', folder]);
      expect(run.code).to.equal(0);
      const [found] = JSON.parse(run.stdout).result.diagnostics;
      expect(found.summary).to.equal(
        '1 page of shop.orders cannot be mapped again for orders: the response is no longer kept',
      );
      expect(await tableOf(folder, 'orders')).to.deep.equal([{ id: '1', total: '1.00', label: null }]);
      expect((await etl(['plan', '--from-ledger', '-p', folder])).stdout).not.to.contain('remap');
    } finally {
      await provider.close();
    }
  });
});
