import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { parse } from 'yaml';
import { labText } from '../../engine/lab/reference.ts';
import { etl, projectFolder } from '../support/cli.ts';
import { root, text } from '../support/root.ts';
import { tree } from '../support/tree.ts';

const home = join(root, 'connectors');
const names = readdirSync(home).filter((name) => existsSync(join(home, name, 'connector.yml')));

interface Said {
  readonly result: {
    readonly connectors: number;
    readonly passed: number;
    readonly checked: readonly {
      readonly connector: string;
      readonly passed: boolean;
      readonly checks: readonly { readonly name: string; readonly findings: readonly string[] }[];
    }[];
  };
}

/** The order in which every connector says what it says. */
const order = [
  'kind',
  'title',
  'description',
  'docs',
  'checked',
  'vars',
  'baseUrl',
  'auth',
  'headers',
  'allowedOrigins',
  'budget',
  'responses',
  'lab',
  'streams',
];

const filesOf = (name: string): readonly string[] =>
  tree
    .filter((path) => path.startsWith(`connectors/${name}/`))
    // Those that describe their properties have an example of it.
    .filter((path) => !path.startsWith(`connectors/${name}/examples/describe/`))
    .map((path) =>
      path.slice(`connectors/${name}/`.length).replace(/(examples|mappings|tests)\/\w+\./, '$1/….'),
    );

describe('the packaged connectors', function () {
  this.timeout(300_000);

  let checked: Said['result']['checked'] = [];

  before(async () => {
    const { stdout } = await etl(['connector', 'check', '--all', '--json']);
    const { result } = JSON.parse(stdout) as Said;
    expect(result.connectors).to.equal(names.length);
    checked = result.checked;
  });

  it('are those that the README names', () => {
    const readme = text('README.md');
    expect(names.filter((name) => !readme.includes(`connectors/${name}/README.md`))).to.deep.equal([]);
  });

  for (const name of names) {
    describe(name, () => {
      const connector = parse(readFileSync(join(home, name, 'connector.yml'), 'utf8')) as {
        readonly streams: Readonly<Record<string, unknown>>;
      };

      it('has the shape of the others', () => {
        const shape = new Set(filesOf(name));
        shape.delete('init/etl.yml');
        expect([...shape].sort()).to.deep.equal([
          'README.md',
          'connector.yml',
          'examples/….ndjson',
          'examples/….yml',
          'init/mappings/….yml',
          'init/tests/….yml',
        ]);
        const keys = Object.keys(connector);
        expect(keys).to.deep.equal(order.filter((key) => keys.includes(key)));
        // Not all send headers of their own, or are read elsewhere, too.
        expect(keys.length).to.be.at.least(order.length - 2);
        const headings = readFileSync(join(home, name, 'README.md'), 'utf8').match(
          /^(#.*|\| what.*|\| stream.*|What to know:)$/gm,
        );
        expect(headings?.slice(1)).to.deep.equal([
          '| what | how |',
          '| stream | key | cursor |',
          'What to know:',
        ]);
      });

      it('tells of every stream in its README', () => {
        const readme = readFileSync(join(home, name, 'README.md'), 'utf8');
        const untold = Object.keys(connector.streams).filter(
          (stream) => !readme.includes(`| \`${stream}\` |`),
        );
        expect(untold).to.deep.equal([]);
      });

      it('passes its check: examples, changes, paging, limits, replies, secrets', async () => {
        const found = checked.find(({ connector }) => connector === name);
        expect(found?.checks.filter(({ findings }) => findings.length > 0)).to.deep.equal([]);
        expect(found?.passed).to.equal(true);
      });

      it('makes a project whose files are fine and whose tests pass', async () => {
        const folder = join(projectFolder({}), 'project');
        expect((await etl(['init', folder, '--connector', name])).code).to.equal(0);
        expect((await etl(['validate', '-p', folder])).stdout).to.contain('All fine.');
        expect((await etl(['test', '-p', folder])).code).to.equal(0);
      });
    });
  }
});

const erp = (changes: readonly (readonly [string, string])[] = []): string =>
  changes.reduce(
    (whole, [from, to]) => {
      expect(whole).to.contain(from);
      return whole.replace(from, to);
    },
    `kind: connector
title: Our ERP
description: Orders
docs: https://erp.example.com/docs
checked: 2026-01-31
vars:
  region: {description: region, example: eu}
baseUrl: https://\${var:region}.erp.example.com
auth: {type: bearer, token: "\${env:ERP_TOKEN}"}
budget:
  limits:
    - {id: all, bucket: {rate: 50/s, burst: 20}}
responses:
  - {when: {status: 420}, class: throttle, limit: all}
streams:
  orders:
    description: Orders
    request: {path: /orders}
    records: items
    primaryKey: [id]
    paginate: {type: page, param: page, size: 100, sizeMax: 100, orderedBy: [id]}
    cursor: {field: changed, from: {query: since}}
`,
  );

const replies = `- {name: too fast, status: 420, class: throttle, limit: all}
- {name: who, status: 401, class: auth}
- {name: no, status: 403, body: {error: no}, class: forbidden}
`;

const orders = Array.from(
  { length: 20 },
  (_, at) => `{"id":${at},"changed":"2026-01-${String(at + 1).padStart(2, '0')}T00:00:00Z"}`,
);

/** What the check finds of a connector of a project. */
async function found(files: Readonly<Record<string, string>>): Promise<readonly string[]> {
  const folder = projectFolder({
    'connectors/erp/connector.yml': erp(),
    'connectors/erp/README.md': '# ERP\n',
    'connectors/erp/examples/replies.yml': replies,
    'connectors/erp/examples/orders.ndjson': `${orders.join('\n')}\n`,
    ...files,
  });
  const { stdout, stderr, code } = await etl([
    'connector',
    'check',
    './connectors/erp',
    '--json',
    '-p',
    folder,
  ]);
  const { result } = JSON.parse(stdout) as Said;
  const all = result.checked.flatMap(({ checks }) =>
    checks.flatMap(({ name, findings }) => findings.map((finding) => `${name}: ${finding}`)),
  );
  expect(code, stderr).to.equal(all.length === 0 ? 0 : 5);
  expect(result.passed).to.equal(all.length === 0 ? 1 : 0);
  return all;
}

describe('etl connector check', function () {
  this.timeout(60_000);

  it('passes a connector of the project that is as it should be', async () => {
    expect(await found({})).to.deep.equal([]);
  });

  it('says what it does not tell', async () => {
    const changes = [
      ['docs: https://erp.example.com/docs\n', ''],
      ['checked: 2026-01-31\n', ''],
      [', sizeMax: 100', ''],
      ['    cursor: {field: changed, from: {query: since}}\n', ''],
      ['    - {id: all, bucket: {rate: 50/s, burst: 20}}\n', '    []\n'],
      ['class: throttle, limit: all', 'class: throttle'],
    ] as const;
    expect(await found({ 'connectors/erp/connector.yml': erp(changes) })).to.deep.equal([
      'description: it does not say where the API is documented: `docs`',
      'streams: orders: neither a `cursor` nor, in `cursorless`, a reason why there is none',
      'streams: orders: a page size, and no `sizeMax`: how many does the API give at most?',
      'limits: no limit is declared: `budget.limits`',
      'limits: it does not say when its limits were last looked up: `checked`',
      'replies: too fast: expected throttle of all, taken for throttle',
    ]);
  });

  it('says which replies are taken for something else, and which are not there', async () => {
    const wrong = replies.replace('status: 420', 'status: 509').replace('class: auth', 'class: client');
    expect(await found({ 'connectors/erp/examples/replies.yml': wrong })).to.deep.equal([
      'replies: too fast: expected throttle of all, taken for overload',
      'replies: who: expected client, taken for auth',
      'replies: examples/replies.yml has no reply of the class auth',
    ]);
  });

  it('finds examples that share a key, and those of no stream', async () => {
    const twice = [...orders, '{"id":3,"changed":"2026-01-20T00:00:00Z"}'].join('\n');
    const all = await found({
      'connectors/erp/examples/orders.ndjson': `${twice}\n`,
      'connectors/erp/examples/order.ndjson': '{}\n',
    });
    expect(all[0]).to.equal('description: examples/order.ndjson is for no stream');
  });

  it('finds a secret in pages that are kept, though they are compressed', async () => {
    const secret = labText(`\${env:ERP_TOKEN}`);
    const told = orders.map((line) => line.replace('}', `,"note":"${secret}"}`)).join('\n');
    const all = await found({ 'connectors/erp/examples/orders.ndjson': `${told}\n` });
    expect(all).to.include('secrets: a secret stands in a kept page of orders');
  });

  it('says what keeps the lab from serving it', async () => {
    const all = await found({ 'connectors/erp/examples/orders.ndjson': '{"id":1}\n' });
    expect(all.join('\n')).to.match(/first load: ETL0805/);
  });

  it('names the line of a setting that is wrong', async () => {
    const all = await found({
      'connectors/erp/connector.yml': erp([['rate: 50/s', 'rate: fifty']]),
    });
    expect(all).to.deep.equal([
      'schema: ETL0106: `fifty` is not a valid rate (connectors/erp/connector.yml:12)',
    ]);
  });

  it('asks for one connector, or for all', async () => {
    const { code, stderr } = await etl(['connector', 'check']);
    expect(code).to.equal(64);
    expect(stderr).to.contain('--all');
  });
});
