import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { type Checked, plan, recheck, replay } from '../../../engine/engine.ts';
import type { Plan } from '../../../engine/model/plan.ts';
import type { References } from '../../../engine/model/ports.ts';
import type { Project } from '../../../engine/model/project.ts';
import type { MappingReplay, ReplayPages, ReplayProgram } from '../../../engine/model/replay.ts';
import { emptyState } from '../../../engine/model/snapshot.ts';
import { mappingEdits, withMappingsOf } from '../../../engine/operations/replay/edits.ts';
import { compareReplay, type ReplayFound } from '../../../engine/operations/replay/replay.ts';
import { checkFiles } from '../../support/check-files.ts';

type Files = Readonly<Record<string, string>>;

const etlYml = (more = ''): string => `kind: project\nname: demo\npii: {key: "\${env:PII_KEY}"}\n${more}`;
const sourceYml = (more = ''): string => `kind: source
name: shop
baseUrl: https://api.shop.example
${more}
streams:
  orders:
    request: {path: /orders}
    records: orders
    primaryKey: [id]
    paginate: {type: cursor_token, token: next, param: after}
    cursor: {field: at, from: {query: since}}
`;
const mappingYml = (more = '', properties = ''): string => `kind: mapping
name: orders
from: shop.orders
load: {key: [id]}
${more}
properties:
  id: {from: id, type: string}
  total: {from: total, type: "decimal(18,2)"}
  currency: {from: currency, type: string}
  email: {from: email, type: string}
${properties}`;

const filesOf = (mapping: string, more: Files = {}): Files => ({
  'etl.yml': etlYml(),
  'sources/shop.yml': sourceYml(),
  'mappings/orders.yml': mapping,
  ...more,
});

interface Order {
  readonly id: string;
  readonly total: unknown;
  readonly currency?: string;
  readonly email?: string;
  readonly at?: string;
}

const at = (minute: number): string => new Date(Date.UTC(2026, 0, 1, 0, minute)).toISOString();

const orders: readonly Order[] = [
  { id: 'a', total: '1.00', currency: 'eur', email: 'a@example.com' },
  { id: 'b', total: '2.50', currency: 'EUR', email: 'b@example.com' },
  { id: 'c', total: '3.00', currency: 'usd', email: 'c@example.com' },
];

const references: References = { resolve: (text) => text, redact: (text) => text, hide: () => {} };

function pagesOf(...pages: readonly (readonly Order[])[]): ReplayPages {
  return {
    origin: 'a test',
    count: async () => pages.length,
    pages: async function* (_, pagesMax) {
      for (const [index, records] of pages.entries()) {
        if (index < pages.length - pagesMax) continue;
        const dated = records.map((order) => ({ at: at(index), ...order }));
        yield { id: index + 1, body: gzipSync(JSON.stringify({ orders: dated })) };
      }
    },
  };
}

const projectIn = (checked: Checked): Project => {
  if (checked.project === undefined) throw new Error(JSON.stringify(checked.diagnostics, null, 1));
  return checked.project;
};

const planOf = (checked: Checked): Plan => {
  const made = plan(checked, projectIn(checked), '0.1.0', emptyState);
  if (made.plan === undefined) throw new Error(JSON.stringify(made.diagnostics, null, 1));
  return made.plan;
};

interface Options {
  readonly pages?: ReplayPages;
  readonly accepted?: readonly string[];
  readonly pagesMax?: number;
}

/** Replays a change of a project. */
async function changed(base: Files, head: Files, options: Options = {}): Promise<ReplayFound> {
  const { pages = pagesOf(orders), accepted = [], pagesMax = 100 } = options;
  const [then, now] = [await checkFiles(base), await checkFiles(head)];
  const own = recheck(withMappingsOf(now.files, then.files), projectIn(then).environment);
  const side = (name: ReplayProgram['side'], checked: Checked): ReplayProgram => ({
    side: name,
    plan: planOf(checked),
    references,
  });
  const programs = [
    side('base', then),
    ...(own.project === undefined ? [] : [side('own', own)]),
    side('head', now),
  ];
  const { signal } = new AbortController();
  const personal = [then, now]
    .flatMap((one) => projectIn(one).mappings)
    .flatMap(({ properties }) => Object.keys(properties).filter((name) => properties[name]?.pii));
  return compareReplay(replay(programs, pages, { pagesMax, nowMs: 0, signal }), {
    edits: mappingEdits(then.files, now.files),
    programs,
    personal: { orders: new Set(personal) },
    documents: now.files.documents,
    accepted: new Set(accepted),
    pages,
    pagesMax,
    samplesMax: 10,
  });
}

const only = ({ mappings }: ReplayFound): MappingReplay => mappings[0] as MappingReplay;
const codes = ({ findings }: ReplayFound): readonly string[] =>
  findings.map(({ diagnostic: { code, summary } }) => `${code} ${summary}`);
const replaced = (from: string | RegExp, to: string): Files => filesOf(mappingYml().replace(from, to));

describe('a replay', function () {
  this.timeout(60_000);
  const base = filesOf(mappingYml());

  it('finds nothing where only comments and formatting have changed', async () => {
    const head = filesOf(
      mappingYml('# a comment').replace('{from: id, type: string}', '{type: string, from: id}'),
    );
    const found = await changed(base, head);
    expect([found.verdict, only(found).state]).to.deep.equal(['same', 'same']);
    expect(only(found).rows).to.deep.equal({ base: 3, head: 3 });
  });

  it('shows just the column and the rows that another type changes', async () => {
    const found = await changed(base, replaced('"decimal(18,2)"', 'integer'));
    expect(found.verdict).to.equal('explained');
    const { columns, counts, samples, edits } = only(found);
    expect(edits).to.deep.equal(['properties.total']);
    // 1.00 and 3.00 are the same numbers as before; 2.50 is no integer.
    expect(columns).to.deep.equal([
      {
        column: 'total',
        change: 'retyped',
        types: ['decimal(18,2)', 'integer'],
        rows: 0,
        unexplained: 0,
        explained: true,
      },
    ]);
    expect(counts).to.deep.equal({ added: 0, removed: 0, changed: 0, blocked: 1, unblocked: 0 });
    expect(samples).to.deep.equal([
      {
        change: 'blocked',
        key: { id: 'b' },
        page: 1,
        cells: [],
        reason: 'total: expected an integer, got "2.50"',
        explained: true,
      },
    ]);
  });

  it('shows just the column and the rows that a transform changes', async () => {
    const head = replaced(
      '{from: currency, type: string}',
      '{from: currency, type: string, transform: [upper]}',
    );
    const found = await changed(base, head);
    expect(found.verdict).to.equal('explained');
    expect(only(found).counts.changed).to.equal(2);
    expect(only(found).samples.map(({ key, cells }) => [key, cells])).to.deep.equal([
      [{ id: 'a' }, [{ column: 'currency', base: 'eur', head: 'EUR' }]],
      [{ id: 'c' }, [{ column: 'currency', base: 'usd', head: 'USD' }]],
    ]);
  });

  it('shows just the rows that a new `where` leaves out, and those that come back without it', async () => {
    const head = filesOf(mappingYml('where: {currency: {ne: usd}}'));
    const found = await changed(base, head);
    expect([found.verdict, only(found).counts.removed, only(found).columns]).to.deep.equal([
      'explained',
      1,
      [],
    ]);
    expect(only(found).samples.map(({ change, key }) => [change, key])).to.deep.equal([
      ['removed', { id: 'c' }],
    ]);
    const back = await changed(head, base);
    expect([back.verdict, only(back).counts.added]).to.deep.equal(['explained', 1]);
  });

  it('shows columns that come and go, and Blockers that do', async () => {
    const head = filesOf(
      mappingYml('', '  note: {from: note, type: string, required: true}\n').replace(/ {2}email.*\n/, ''),
    );
    const found = await changed(base, head);
    expect(found.verdict).to.equal('explained');
    expect(only(found).columns.map(({ column, change }) => [column, change])).to.deep.equal([
      ['note', 'added'],
      ['email', 'removed'],
    ]);
    expect(only(found).counts).to.include({ blocked: 3, changed: 0 });
    expect(only(await changed(head, base)).counts).to.include({ unblocked: 3 });
  });

  it('says what a mapping that is new makes, and what one that is gone no longer makes', async () => {
    const second = mappingYml()
      .replace('name: orders', 'name: totals')
      .replace(/ {2}(?:currency|email).*\n/g, '');
    const more = filesOf(mappingYml(), { 'mappings/totals.yml': second });
    const found = await changed(base, more);
    expect(found.verdict).to.equal('explained');
    const totals = found.mappings.find(({ mapping }) => mapping === 'totals');
    expect([totals?.state, totals?.counts.added]).to.deep.equal(['new', 3]);
    const gone = await changed(more, base);
    const left = gone.mappings.find(({ mapping }) => mapping === 'totals');
    expect([gone.verdict, left?.state, left?.counts.removed]).to.deep.equal(['explained', 'removed', 3]);
  });

  it('is red where a default of the project does what no diff of the mapping says', async () => {
    const bad = [{ id: 'a', total: 'much' }, ...orders.slice(1)];
    const inherited = { 'etl.yml': etlYml('defaults: {mapping: {onInvalid: set_null}}\n') };
    const found = await changed(base, { ...base, ...inherited }, { pages: pagesOf(bad) });
    expect(found.verdict).to.equal('unexplained');
    expect(codes(found)).to.deep.equal([
      'ETL0366 1 row of orders is no longer under a Blocker, and the diff of its mapping does not say why',
    ]);
    expect(found.findings[0]?.diagnostic.help[1]).to.equal(
      'What it inherits has changed: etl.yml: `defaults`.',
    );
    expect(found.findings[0]?.diagnostic.place).to.include({ file: 'mappings/orders.yml', line: 2 });
  });

  it('tells an accidental change from the one beside it that is meant', async () => {
    const withVar = (shop: string): Files => ({ 'etl.yml': etlYml(`vars: {shop: ${shop}}\n`) });
    const property = '  shop: {value: "${var:shop}", type: string}\n';
    const before = filesOf(mappingYml('', property), withVar('one'));
    const transform = mappingYml('', property).replace(
      'currency, type: string',
      'currency, type: string, transform: [upper]',
    );
    const meant = await changed(before, filesOf(transform, withVar('one')));
    expect([meant.verdict, codes(meant)]).to.deep.equal(['explained', []]);
    const found = await changed(before, filesOf(transform, withVar('two')));
    expect(codes(found)).to.deep.equal([
      'ETL0365 orders.shop differs in 3 rows, and the diff of its mapping does not say why',
    ]);
    expect(found.findings[0]?.diagnostic.help[0])
      .to.contain('id "a" on page 1: ')
      .and.to.contain('shop "one" → "two"');
    expect(found.findings[0]?.diagnostic.help[1]).to.contain('etl.yml: `vars.shop`');
    expect(found.findings[0]?.diagnostic.place).to.include({ file: 'mappings/orders.yml', line: 11 });
    const accepted = await changed(before, filesOf(transform, withVar('two')), { accepted: ['orders.shop'] });
    expect(codes(accepted)).to.deep.equal([]);
  });

  it('sees what is inherited even in a column whose own lines have changed', async () => {
    const withVar = (shop: string): Files => ({ 'etl.yml': etlYml(`vars: {shop: ${shop}}\n`) });
    const property = (more: string): string => `  shop: {value: "\${var:shop}", type: string${more}}\n`;
    const before = filesOf(mappingYml('', property('')), withVar('one'));
    const after = mappingYml('', property(', transform: [upper]'));
    expect((await changed(before, filesOf(after, withVar('one')))).verdict).to.equal('explained');
    expect((await changed(before, filesOf(after, withVar('two')))).verdict).to.equal('unexplained');
  });

  it('goes by the lines that have changed where the base cannot have the new mappings', async () => {
    const property = '  shop: {value: "${var:shop}", type: string}\n';
    const head = filesOf(
      mappingYml('', property).replace('total, type: "decimal(18,2)"', 'total, type: string'),
      {
        'etl.yml': etlYml('vars: {shop: one}\n'),
        'sources/shop.yml': sourceYml('redact: [email, currency]'),
      },
    );
    const found = await changed(base, head);
    expect(codes(found)).to.deep.equal([
      'ETL0365 orders.currency differs in 3 rows, and the diff of its mapping does not say why',
      'ETL0365 orders.email differs in 3 rows, and the diff of its mapping does not say why',
    ]);
    expect(only(found).columns.map(({ column, explained }) => [column, explained])).to.deep.equal([
      ['total', true],
      ['currency', false],
      ['email', false],
      ['shop', true],
    ]);
    const filtered = filesOf(mappingYml('where: {currency: {exists: true}}'), {});
    const gone = await changed(filtered, {
      ...head,
      'mappings/orders.yml': mappingYml('where: {currency: {exists: true}}', property),
    });
    expect(codes(gone)).to.deep.equal([
      'ETL0366 3 rows of orders are left out, and the diff of its mapping does not say why',
    ]);
  });

  it('is red where a type, a key or a condition changes by a variable', async () => {
    const money = (type: string): Files =>
      filesOf(
        mappingYml('where: {currency: {ne: "${var:not}"}}').replace('"decimal(18,2)"', '"${var:money}"'),
        {
          'etl.yml': etlYml(`vars: {money: "${type}", not: ${type === 'double' ? 'usd' : 'gbp'}}\n`),
        },
      );
    const found = await changed(money('decimal(18,2)'), money('double'));
    expect(codes(found)).to.include.members([
      'ETL0366 1 row of orders is left out, and the diff of its mapping does not say why',
    ]);
    expect(codes(found).filter((code) => code.startsWith('ETL0365 orders.total'))).to.have.length(1);
  });

  it('is red where the source keeps something away, or another mapping does', async () => {
    const redacted = await changed(base, { ...base, 'sources/shop.yml': sourceYml('redact: [currency]') });
    expect(codes(redacted)).to.deep.equal([
      'ETL0365 orders.currency differs in 3 rows, and the diff of its mapping does not say why',
    ]);
    expect(redacted.findings[0]?.diagnostic.help[1]).to.contain('sources/shop.yml: `redact`');
    // What is no longer to be seen is not shown.
    expect(JSON.stringify(redacted)).to.not.contain('"eur"');
  });

  it('is red where chance or the time decides', async () => {
    const random = filesOf(mappingYml('', '  luck: {expr: "$random()", type: double}\n'));
    const found = await changed(random, random);
    expect(codes(found)).to.deep.equal([
      'ETL0365 orders.luck differs in 3 rows, and the diff of its mapping does not say why',
    ]);
    expect(found.findings[0]?.diagnostic.help[1]).to.contain(
      'an expression may depend on the time or on chance',
    );
  });

  it('shows personal data as hashes, of either side', async () => {
    const head = replaced('{from: email, type: string}', '{from: email, type: string, pii: hmac}');
    const found = await changed(base, head);
    expect(found.verdict).to.equal('explained');
    expect(only(found).columns[0]).to.include({ column: 'email', rows: 3 });
    expect(JSON.stringify(found)).to.not.contain('@example.com');
    expect(only(found).samples[0]?.cells[0]?.base).to.match(/^hmac:[0-9a-f]{16}$/);
  });

  it('counts the newest version of each record, by its cursor', async () => {
    const head = replaced(
      '{from: currency, type: string}',
      '{from: currency, type: string, transform: [upper]}',
    );
    const pages = pagesOf(
      [
        { id: 'a', total: 1, currency: 'eur' },
        { id: 'b', total: 1, currency: 'eur', at: at(99) },
      ],
      [
        { id: 'a', total: 1, currency: 'EUR' },
        { id: 'b', total: 1, currency: 'EUR', at: at(0) },
      ],
    );
    const found = await changed(base, head, { pages });
    expect(only(found).rows).to.deep.equal({ base: 2, head: 2 });
    expect(only(found).samples.map(({ key, page }) => [key, page])).to.deep.equal([[{ id: 'b' }, 1]]);
  });

  it('looks at the newest pages only, and says so', async () => {
    const found = await changed(base, base, { pages: pagesOf(orders, orders, orders), pagesMax: 2 });
    expect(only(found)).to.include({ pages: 2, olderPages: 1 });
  });

  it('is red where a page can no longer be mapped, and says when it never could', async () => {
    const head = { ...base, 'sources/shop.yml': sourceYml().replace('records: orders', 'records: items') };
    const found = await changed(base, head);
    expect(codes(found).map((code) => code.slice(0, 7))).to.deep.equal(['ETL0367']);
    expect([found.verdict, found.findings[0]?.diagnostic.severity]).to.deep.equal(['unexplained', 'error']);
    const never = await changed(head, head);
    expect([never.verdict, never.findings[0]?.diagnostic.severity]).to.deep.equal(['same', 'warning']);
  });

  it('does not call a change harmless that no page shows', async () => {
    const found = await changed(base, replaced('"decimal(18,2)"', 'integer'), { pages: pagesOf() });
    expect([found.verdict, codes(found)[0]?.slice(0, 7)]).to.deep.equal(['inconclusive', 'ETL0369']);
    expect((await changed(base, base, { pages: pagesOf() })).verdict).to.equal('same');
  });
});
