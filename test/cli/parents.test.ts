import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { api, etl, json, projectFolder, start, tableOf } from '../support/cli.ts';

interface Note {
  readonly id: string;
  readonly at: string;
}

const dayOf = (day: number): string => `2026-01-${String(day).padStart(2, '0')}T00:00:00Z`;

interface Asked {
  readonly order: string;
  readonly since: string | null;
}

/** Orders with notes, which change without them. `page` is how many notes a page has. */
async function shop(page = 100) {
  const orders: Note[] = [];
  const notes = new Map<string, Note[]>();
  const asked: Asked[] = [];
  /** Awaited before a request for notes is answered. */
  let hold = async (_order: string): Promise<void> => {};
  const gone = new Set<string>();
  const listed = (all: readonly Note[], { searchParams }: URL, size: number) => {
    const since = searchParams.get('since');
    const found = all.filter(({ at }) => since === null || at >= since);
    const after = Number(searchParams.get('after') ?? 0);
    const next = after + size < found.length ? String(after + size) : null;
    return { found: found.slice(after, after + size), next };
  };
  const served = await api(async (request, response) => {
    const url = new URL(request.url ?? '', 'http://x');
    if (url.pathname === '/orders') {
      const { found, next } = listed(orders, url, 2);
      return json(response, { orders: found, next });
    }
    const order = url.pathname.split('/')[2] ?? '';
    asked.push({ order, since: url.searchParams.get('since') });
    if (
      await hold(order).then(
        () => false,
        () => true,
      )
    )
      return json(response, { error: 'down' }, 500);
    if (gone.has(order)) return json(response, { error: 'no such order' }, 404);
    const { found, next } = listed(notes.get(order) ?? [], url, page);
    json(response, { notes: found, next });
  });
  return {
    url: served.url,
    close: served.close,
    asked,
    gone,
    holdAt: (wait: typeof hold) => {
      hold = wait;
    },
    order: (id: string, day: number) => orders.push({ id, at: dayOf(day) }),
    note: (order: string, id: string, day: number) =>
      notes.set(order, [...(notes.get(order) ?? []).filter((one) => one.id !== id), { id, at: dayOf(day) }]),
  };
}

type Shop = Awaited<ReturnType<typeof shop>>;

const projectOf = (url: string, parent: string, more = ''): string =>
  projectFolder({
    'etl.yml': 'kind: project\nname: parents\nenvironments: {dev: {}}\n',
    'sources/shop.yml': `kind: source
name: shop
baseUrl: ${url}
attempts: 1
streams:
  orders:
    request: {path: /orders}
    records: orders
    primaryKey: [id]
    subject: id
    paginate: {type: cursor_token, token: next, param: after}
    cursor: {field: at, from: {query: since}}
  notes:
    request: {path: "/orders/{parent.id}/notes"}
    parent: {stream: orders${parent}}
    records: notes
    primaryKey: [_parent.id, id]
    paginate: {type: cursor_token, token: next, param: after, size: 50}
    cursor: {field: at, from: {query: since}}
${more}`,
    'mappings/orders.yml':
      'kind: mapping\nname: orders\nfrom: shop.orders\nload: {key: [id]}\nproperties:\n  id: {from: id, type: string}\n',
    'mappings/notes.yml': `kind: mapping
name: notes
from: shop.notes
load: {key: [order, id]}
properties:
  order: {from: _parent.id, type: string}
  id: {from: id, type: string}
  at: {from: at, type: timestamp}
`,
  });

const run = async (folder: string, ...more: readonly string[]): Promise<string> => {
  const { code, stdout, stderr } = await etl(['run', '--json', '-p', folder, ...more]);
  expect(code, stdout + stderr).to.equal(0);
  return stdout;
};

/** What was asked of which order since the last look. */
function askedOf({ asked }: Shop): readonly string[] {
  return asked
    .splice(0)
    .map(({ order, since }) => `${order} since ${since ?? 'ever'}`)
    .sort();
}

const notesOf = async (folder: string): Promise<readonly string[]> =>
  (await tableOf(folder, 'notes')).map((row) => `${row['order']} ${row['id']}`).sort();

const stateOf = async (folder: string) => {
  const { stdout } = await etl(['state', 'show', '--json', '-p', folder]);
  const { streams } = JSON.parse(stdout).result;
  return streams.find((one: { stream: string }) => one.stream === 'shop.notes');
};

describe('a stream with parents and a cursor', function () {
  this.timeout(120_000);

  it('asks each of all parents for what is new since its own position, and a new one from the start', async () => {
    const source = await shop();
    for (const [at, id] of ['a', 'b', 'c'].entries()) {
      source.order(id, at + 1);
      source.note(id, 'n1', 5 + at);
    }
    const folder = projectOf(source.url, ', which: all');
    await run(folder);
    expect(askedOf(source)).to.deep.equal(['a since ever', 'b since ever', 'c since ever']);
    // No order changes, and one of them has another note.
    source.note('b', 'n2', 9);
    source.order('d', 9);
    source.note('d', 'n1', 1);
    await run(folder);
    const second = ['a', 'b', 'c'].map((id, at) => `${id} since ${dayOf(5 + at)}`);
    expect(askedOf(source)).to.deep.equal([...second, 'd since ever']);
    await run(folder);
    const third = [
      `a since ${dayOf(5)}`,
      `b since ${dayOf(9)}`,
      `c since ${dayOf(7)}`,
      `d since ${dayOf(1)}`,
    ];
    expect(askedOf(source)).to.deep.equal(third);
    await source.close();
    expect(await notesOf(folder)).to.deep.equal(['a n1', 'b n1', 'b n2', 'c n1', 'd n1']);
  });

  it('asks only those that came since, each once, from its own position, unless it says otherwise', async () => {
    const source = await shop();
    for (const [at, id] of ['a', 'b', 'c'].entries()) source.order(id, at + 1);
    source.note('a', 'n1', 5);
    source.note('b', 'n1', 6);
    const folder = projectOf(source.url, '');
    await run(folder);
    askedOf(source);
    source.note('a', 'n2', 9);
    source.note('b', 'n2', 9);
    // Listed again, in two pages: the newest one is, as ever.
    for (const day of [11, 12, 13, 14]) source.order('b', day);
    await run(folder);
    expect(askedOf(source)).to.deep.equal([`b since ${dayOf(6)}`, 'c since ever']);
    await source.close();
    expect(await notesOf(folder)).to.deep.equal(['a n1', 'b n1', 'b n2']);
  });

  it('knows after a kill what is staged, also between the pages of one parent', async () => {
    const source = await shop(1);
    for (let at = 1; at <= 12; at += 1) {
      source.order(`o${at}`, at);
      for (const day of [13, 14, 15]) source.note(`o${at}`, `n${day}`, day);
    }
    const folder = projectOf(source.url, ', which: all, parallel: 1');
    let requests = 0;
    const reached = new Promise<void>((resolve) => {
      source.holdAt(async () => {
        requests += 1;
        if (requests < 23) return;
        resolve();
        await new Promise(() => {});
      });
    });
    const { child, finished } = start(['run', '-p', folder]);
    await reached;
    child.kill('SIGKILL');
    await finished;
    const before = await stateOf(folder);
    expect(before.pages.all).to.be.within(8, 22);
    expect(before.fetched.open).to.not.equal(undefined);
    source.holdAt(async () => {});
    source.asked.length = 0;
    await run(folder, '--select', 'shop.notes');
    // Every page that is staged is not asked for again, and every other one is.
    expect(source.asked).to.have.length(36 - before.pages.all);
    await run(folder, '--select', '+notes');
    expect(await notesOf(folder)).to.have.length(36);
    source.asked.length = 0;
    await run(folder);
    await source.close();
    expect(new Set(source.asked.map(({ since }) => since))).to.deep.equal(new Set([dayOf(15)]));
    expect(source.asked).to.have.length(12);
  });

  it('takes a parent that is gone for one without children, until it is listed again', async () => {
    const source = await shop();
    source.order('a', 1);
    source.order('b', 2);
    // The newest one is listed again each time.
    source.order('c', 3);
    source.note('a', 'n1', 5);
    const strict = projectOf(source.url, ', which: all');
    source.gone.add('b');
    const { code, stdout } = await etl(['run', '--json', '-p', strict]);
    expect(code).to.equal(1);
    expect(stdout).to.contain('404');
    const folder = projectOf(source.url, ', which: all, gone: [404]');
    askedOf(source);
    await run(folder);
    await run(folder);
    const { asked } = source;
    expect(asked.filter(({ order }) => order === 'b')).to.have.length(1);
    expect((await stateOf(folder)).parents).to.include({ known: 3, gone: 1 });
    source.gone.clear();
    source.note('b', 'n1', 6);
    source.order('b', 7);
    await run(folder);
    await source.close();
    expect(await notesOf(folder)).to.deep.equal(['a n1', 'b n1']);
  });

  it('shows in one line where it stands with its parents, and plans for each of them', async () => {
    const source = await shop();
    for (let at = 1; at <= 9; at += 1) {
      source.order(`o${at}`, at);
      source.note(`o${at}`, 'n', at + 10);
    }
    const folder = projectOf(source.url, ', which: all');
    await run(folder);
    await run(folder);
    const { stdout } = await etl(['state', 'show', '-p', folder]);
    const plan = await etl(['plan', '-p', folder]);
    await source.close();
    expect(stdout).to.contain(
      'parents  9, read up to 2026-01-11T00:00:00.000000Z (least far) and 2026-01-19T00:00:00.000000Z (farthest)',
    );
    expect(stdout).to.match(/fetched {2}the parents up to page \d+, at/);
    expect(plan.stdout).to.match(/about \d+ requests, \d+ records/);
    expect(plan.stdout).to.contain('one request for each record of shop.orders: 9 in kept pages');
    expect(plan.stdout).to.contain('fetches what changed by at of each record of shop.orders that is kept');
    expect(plan.stdout).to.contain('now: of each parent what came since it was read');
    expect(plan.stdout).to.contain('is taken to fit in one page');
    expect(plan.stdout).not.to.contain('no cursor is declared');
  });

  it('has a last page of each parent, which does not look as if the API had clamped the page', async () => {
    const source = await shop();
    for (let at = 1; at <= 4; at += 1) {
      source.order(`o${at}`, at);
      source.note(`o${at}`, 'n', at + 10);
    }
    const folder = projectOf(source.url, '');
    const said = [await etl(['run', '-p', folder]), await etl(['audit', '-p', folder])];
    await source.close();
    expect(said.map(({ code }) => code)).to.deep.equal([0, 0]);
    for (const { stdout, stderr } of said) expect(stdout + stderr).not.to.contain('ETL0426');
  });

  it('forgets where it stands when it is reset, and with a parent that is forgotten', async () => {
    const source = await shop();
    for (const [at, id] of ['a', 'b'].entries()) {
      source.order(id, at + 1);
      source.note(id, 'n1', 5);
    }
    const folder = projectOf(source.url, ', which: all');
    await run(folder);
    const forgotten = await etl(['forget', '--subject', 'a', '--yes', '-p', folder]);
    expect(forgotten.code, forgotten.stdout + forgotten.stderr).to.equal(0);
    expect((await stateOf(folder)).parents).to.include({ known: 1 });
    askedOf(source);
    await run(folder);
    expect(askedOf(source)).to.deep.equal([`b since ${dayOf(5)}`]);
    const reset = await etl(['state', 'reset', 'shop.notes', '-p', folder]);
    expect(reset.code, reset.stdout + reset.stderr).to.equal(0);
    expect((await stateOf(folder)).parents).to.equal(undefined);
    await run(folder);
    await source.close();
    expect(askedOf(source)).to.deep.equal(['b since ever']);
  });

  it('is chosen with its parents, and warned of without them where no page of theirs is kept', async () => {
    const source = await shop();
    source.order('a', 1);
    source.note('a', 'n1', 5);
    const folder = projectOf(source.url, '');
    const alone = await run(folder, '--select', 'shop.notes');
    expect(alone).to.contain('ETL0351').and.to.contain('+shop.notes');
    expect(source.asked).to.deep.equal([]);
    // The mapping alone is made of what is staged: nothing is asked for.
    expect(await run(folder, '--select', 'notes')).to.not.contain('ETL0351');
    expect(source.asked).to.deep.equal([]);
    const planned = await etl(['plan', '-p', folder, '--select', '+notes']);
    expect(planned.stdout).to.contain('shop.orders').and.to.contain('shop.notes');
    expect(await run(folder, '--select', '+notes')).to.not.contain('ETL0351');
    expect(await notesOf(folder)).to.deep.equal(['a n1']);
    askedOf(source);
    // What is made of orders is what is read for them, too; without them the kept ones are enough.
    source.order('b', 2);
    await run(folder, '--select', 'shop.orders+');
    expect(askedOf(source)).to.deep.equal([`a since ${dayOf(5)}`, 'b since ever']);
    expect(await run(folder, '--select', 'shop.notes')).to.not.contain('ETL0351');
    await source.close();
    expect(askedOf(source)).to.deep.equal([]);
  });
});

describe('retention of pages whose records are parents', function () {
  this.timeout(120_000);

  for (const [kind, cursor] of [
    ['without a cursor', false],
    ['with a cursor', true],
  ] as const)
    it(`waits for a stream ${kind} that could not be read, and for no other`, async () => {
      const provider = await shop();
      for (const [day, id] of ['a', 'b', 'c'].entries()) {
        provider.order(id, day + 1);
        provider.note(id, `of ${id}`, 5);
      }
      const folder = projectOf(provider.url, ', where: {id: {ne: d}}');
      writeFileSync(
        join(folder, 'etl.yml'),
        'kind: project\nname: parents\nenvironments: {dev: {staging: {keep: {pages: 1ms}}}}\n',
      );
      const file = join(folder, 'sources/shop.yml');
      const declared = readFileSync(file, 'utf8');
      const last = declared.lastIndexOf('    cursor:');
      if (!cursor) writeFileSync(file, `${declared.slice(0, last)}\n`);
      let isDown = true;
      provider.holdAt(async () => {
        if (isDown) throw new Error('down');
      });
      try {
        const { code } = await etl(['run', '-q', '-p', folder]);
        expect(code).to.equal(1);
        isDown = false;
        await run(folder);
        expect(await notesOf(folder)).to.deep.equal(['a of a', 'b of b', 'c of c']);
        provider.order('d', 9);
        await run(folder);
        // Nobody waits for the page of an order that has no notes.
        const { stdout } = await etl(['state', 'show', 'shop.orders', '--json', '-p', folder]);
        expect(JSON.parse(stdout).result.streams[0].pages).to.include({ kept: 0 });
      } finally {
        await provider.close();
      }
    });
});
