import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { parse } from 'yaml';
import { type Api, api, etl, json, projectFolder } from '../support/cli.ts';
import { root } from '../support/root.ts';
import { edit } from '../support/shop.ts';

interface Step {
  readonly name?: string;
  readonly run?: string;
  readonly uses?: string;
  readonly if?: string;
  readonly with?: { readonly script?: string };
}

interface Job {
  readonly if?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly permissions?: Readonly<Record<string, string>>;
  readonly steps: readonly Step[];
}

interface GitlabJob {
  readonly script: readonly string[];
  readonly after_script?: readonly string[];
}

interface Ran {
  readonly code: number | null;
  readonly output: string;
}

const orders = [
  {
    id: 'A1',
    updated_at: '2026-01-01T10:00:00Z',
    total: '7.00',
    currency: 'eur',
    lines: [{ sku: 'mug', quantity: 2, price: '3.50' }],
  },
  {
    id: 'A2',
    updated_at: '2026-01-02T10:00:00Z',
    total: '5.00',
    currency: 'EUR',
    lines: [{ sku: 'CUP', quantity: 1, price: '5.00' }],
  },
];

/** A script as a runner of either platform starts it. */
const bash = (folder: string, script: string, env: Readonly<Record<string, string>>): Promise<Ran> =>
  new Promise((resolve) => {
    const { PATH = '', HOME = '' } = process.env;
    const child = spawn('bash', ['-e', '-o', 'pipefail', '-c', script], {
      cwd: folder,
      env: { PATH, HOME, NO_COLOR: '1', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (data: Buffer) => {
        output += data;
      });
    child.on('close', (code) => resolve({ code, output }));
  });

describe('a pull request', function () {
  this.timeout(300_000);
  let provider: Api;
  let folder: string;

  const git = (...args: readonly string[]): string =>
    execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@example.com', ...args], {
      cwd: folder,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  const read = (file: string): string => readFileSync(join(folder, file), 'utf8');
  const workflow = (): Readonly<Record<string, Job>> =>
    (parse(read('.github/workflows/etl.yml')) as { jobs: Readonly<Record<string, Job>> }).jobs;
  const jobOf = (name: string): Job => workflow()[name] as Job;

  /** Runs the commands of a job as they are written; an earlier step that fails keeps only those back that do not say otherwise. */
  const runJob = async (name: string, secrets: Readonly<Record<string, string>>): Promise<readonly Ran[]> => {
    const { steps, env = {} } = jobOf(name);
    const filled = Object.fromEntries(
      Object.entries(env).map(([key, value]) => [
        key,
        value.replace('${{ github.base_ref }}', 'main').replace('${{ vars.ETL_ENVIRONMENT }}', 'test'),
      ]),
    );
    const ran: Ran[] = [];
    for (const step of steps) {
      const failed = ran.some(({ code }) => code !== 0);
      if (step.run === undefined || step.name === 'Install' || (failed && step.if === undefined)) continue;
      ran.push(await bash(folder, step.run, { ...filled, ...secrets }));
    }
    return ran;
  };

  before(async () => {
    provider = await api((_, response) => json(response, { orders }));
    folder = join(projectFolder({}), 'shop');
    expect((await etl(['init', folder, '--ci', 'github'])).code).to.equal(0);
    expect((await etl(['init', folder, '--ci', 'gitlab'])).code).to.equal(0);
    edit(join(folder, 'sources/shop.yml'), 'https://api.shop.example/v1', provider.url);
    edit(
      join(folder, 'etl.yml'),
      /$/,
      '  test:\n    staging: {dialect: sqlite, storage: .etl/test.sqlite}\n    warehouse: {type: duckdb, path: .etl/test.duckdb}\n',
    );
    git('init', '-q', '-b', 'main');
    git('add', '.');
    git('commit', '-q', '-m', 'base');
    const origin = join(folder, '..', 'origin.git');
    git('clone', '-q', '--bare', '.', origin);
    git('remote', 'add', 'origin', origin);
    git('fetch', '-q', 'origin');
    // What `npm install` would have put there.
    mkdirSync(join(folder, 'node_modules/.bin'), { recursive: true });
    symlinkSync(join(root, 'bin/etl.js'), join(folder, 'node_modules/.bin/etl'));
    const done = await etl(['run', '-q', '-e', 'test', '-p', folder], { SHOP_TOKEN: 'secret' });
    expect(done.code, done.stderr).to.equal(0);
    provider.asked.length = 0;
    git('checkout', '-q', '-b', 'change');
    edit(
      join(folder, 'mappings/order_lines.yml'),
      '{from: sku, type: string,',
      '{from: sku, type: string, transform: [upper],',
    );
    edit(join(folder, 'mappings/orders.yml'), 'properties:\n', '# only a comment\nproperties:\n\n');
    edit(join(folder, 'mappings/orders.yml'), '{from: id, type: string}', '{type: string, from: "id"}');
    git('commit', '-q', '-a', '-m', 'SKUs in capitals');
  });
  after(() => provider.close());

  it('selects just what it changes; formatting and comments change nothing', async () => {
    const { code, stdout } = await etl([
      'plan',
      '--json',
      '-e',
      'test',
      '-s',
      'state:modified',
      '-p',
      folder,
    ]);
    expect(code).to.equal(0);
    const { result } = JSON.parse(stdout) as { result: { steps: { id: string }[] } };
    expect(result.steps.map(({ id }) => id)).to.deep.equal(['remap order_lines', 'load order_lines']);
  });

  it('from a fork gets `validate` and `test`, without a secret', async () => {
    const { check, gate } = workflow();
    expect(read('.github/workflows/etl.yml'))
      .to.contain('on:\n  pull_request:\n')
      .and.not.contain('pull_request_target');
    expect([check?.env, check?.if, check?.permissions]).to.deep.equal([undefined, undefined, undefined]);
    expect(gate?.if).to.contain('github.event.pull_request.head.repo.full_name == github.repository');
    expect(check?.steps.flatMap(({ run = [] }) => run)).to.deep.equal([
      'npm install --no-audit --no-fund',
      'npx etl validate --format github',
      'npx etl test --format github',
    ]);
    const ran = await runJob('check', {});
    expect(ran.map(({ code, output }) => [code, code === 0 ? '' : output])).to.deep.equal([
      [0, ''],
      [0, ''],
    ]);
  });

  it('of the repository gets replay, plan and parity, and no API is asked', async () => {
    const ran = await runJob('gate', { SHOP_TOKEN: 'secret' });
    expect(ran.map(({ code, output }) => [code, code === 0 ? '' : output])).to.deep.equal([
      [0, ''],
      [0, ''],
      [0, ''],
    ]);
    expect(provider.asked).to.deep.equal([]);
    expect(read('replay.md').split('\n').slice(0, 14)).to.deep.equal([
      '<!-- etl replay -->',
      '### ✅ `etl replay`',
      '',
      `**Explained: what differs from origin/main (${git('rev-parse', 'main').slice(0, 12)}) is what the diffs of the mappings say, by the ledger of test.**`,
      '',
      '| mapping | diff | rows | added | removed | changed | blocked | unblocked | unexplained |',
      '|---|---|---:|---:|---:|---:|---:|---:|---:|',
      '| order_lines | properties.sku | 2 | 0 | 0 | 1 | 0 | 0 | 0 |',
      '',
      '**order_lines**, 1 page',
      '',
      '- sku: values, 1 row differs',
      '',
      '```diff',
    ]);
    expect(read('replay.md')).to.contain('! changed order_id "A1", position "0" (page 1): sku "mug" → "MUG"');
    expect(read('plan.md')).to.contain('! the mapping order_lines').and.not.contain('the mapping orders');
    expect(read('parity.md')).to.contain('<!-- etl parity -->');
  });

  it('gets one comment for each, which later commits replace', async () => {
    const script = jobOf('gate').steps.find(({ name }) => name === 'Comment')?.with?.script ?? '';
    const comments: { id: number; body: string }[] = [{ id: 1, body: 'of a person' }];
    const issues = {
      listComments: {},
      createComment: async ({ body }: { body: string }) => comments.push({ id: comments.length + 1, body }),
      updateComment: async ({ comment_id: id, body }: { comment_id: number; body: string }) => {
        comments.splice(id - 1, 1, { id, body });
      },
    };
    const github = { rest: { issues }, paginate: async () => comments };
    const context = { repo: { owner: 'o', repo: 'r' }, issue: { number: 1 } };
    const AsyncFunction = Object.getPrototypeOf(async () => {}).constructor as FunctionConstructor;
    const files = (await import('node:fs')).default;
    const required = () => ({
      existsSync: (file: string) => files.existsSync(join(folder, file)),
      readFileSync: (file: string) => read(file),
    });
    const comment = new AsyncFunction('github', 'context', 'require', script);
    await comment(github, context, required);
    expect(comments.map(({ body }) => body.split('\n')[0])).to.deep.equal([
      'of a person',
      '<!-- etl plan -->',
      '<!-- etl replay -->',
      '<!-- etl parity -->',
    ]);
    writeFileSync(join(folder, 'plan.md'), '<!-- etl plan -->\nanother');
    await comment(github, context, required);
    expect(comments).to.have.length(4);
    expect(comments[1]?.body).to.equal('<!-- etl plan -->\nanother');
  });

  it('is the same in GitLab, with notes that later commits replace', async () => {
    const { check, gate } = parse(read('.gitlab-ci.yml')) as { check: GitlabJob; gate: GitlabJob };
    const notes: { id: number; body: string }[] = [];
    const asked: string[] = [];
    const gitlab = await api((request, response) => {
      asked.push(`${request.method} ${request.headers['private-token']}`);
      let text = '';
      request.on('data', (data: Buffer) => {
        text += data;
      });
      request.on('end', () => {
        if (request.method === 'GET') return json(response, notes);
        const body = new URLSearchParams(text).get('body') ?? '';
        const id = Number(/\/notes\/(\d+)/.exec(request.url ?? '')?.[1] ?? notes.length + 1);
        notes.splice(id - 1, 1, { id, body });
        return json(response, { id }, 201);
      });
    });
    const variables = {
      SHOP_TOKEN: 'secret',
      ETL_ENVIRONMENT: 'test',
      ETL_COMMENT_TOKEN: 'token',
      CI_MERGE_REQUEST_TARGET_BRANCH_NAME: 'main',
      CI_MERGE_REQUEST_PROJECT_ID: '1',
      CI_MERGE_REQUEST_IID: '2',
      CI_API_V4_URL: gitlab.url,
    };
    const ran = [
      await bash(folder, check.script.join('\n'), {}),
      await bash(folder, gate.script.join('\n'), variables),
      await bash(folder, (gate.after_script ?? []).join('\n'), variables),
      await bash(folder, (gate.after_script ?? []).join('\n'), variables),
    ];
    await gitlab.close();
    expect(ran.map(({ code, output }) => [code, code === 0 ? '' : output])).to.deep.equal(
      ran.map(() => [0, '']),
    );
    expect(notes.map(({ body }) => body.split('\n')[0])).to.deep.equal([
      '<!-- etl plan -->',
      '<!-- etl replay -->',
      '<!-- etl parity -->',
    ]);
    expect(asked.filter((one) => one === 'PUT token')).to.have.length(3);
    expect(provider.asked).to.deep.equal([]);
  });

  it('is red where something changes that no diff of a mapping says, unless a commit accepts it', async () => {
    edit(join(folder, 'sources/shop.yml'), 'budget:', 'redact: [currency]\nbudget:');
    git('commit', '-q', '-a', '-m', 'keep no currency');
    const [replay] = await runJob('gate', { SHOP_TOKEN: 'secret' });
    expect(replay?.code).to.equal(5);
    expect(read('replay.md'))
      .to.contain(
        '❌ **ETL0365** orders.currency differs in 2 rows, and the diff of its mapping does not say why',
      )
      .and.to.contain('sources/shop.yml: `redact`');
    git('commit', '-q', '--allow-empty', '-m', 'It is meant\n\nReplay-accepts: orders.currency');
    const { code, stderr } = await etl(['replay', '--base', 'main', '-e', 'test', '-p', folder]);
    expect(code, stderr).to.equal(0);
  });

  it('is replayed by what was recorded, where no run has kept a page', async () => {
    const recorded = await etl(['record', 'shop.orders', '--from-ledger', '-e', 'test', '-p', folder], {
      SHOP_TOKEN: 'secret',
    });
    expect(recorded.code, recorded.stderr).to.equal(0);
    const args = ['replay', '--base', 'main', '-e', 'dev', '--json', '-p', folder];
    const { code, stdout } = await etl(args);
    const { result } = JSON.parse(stdout) as {
      result: { origin: string; mappings: { mapping: string; columns: { column: string }[] }[] };
    };
    expect(code, stdout).to.equal(0);
    expect(result.origin).to.equal('the ledger of dev, and recordings/ where it has no page');
    const changed = result.mappings.find(({ mapping }) => mapping === 'order_lines')?.columns;
    expect(changed?.map(({ column }) => column)).to.deep.equal(['sku']);
  });

  it('is told when the base is not here', async () => {
    const { code, stderr } = await etl(['replay', '--base', 'nowhere', '-e', 'test', '-p', folder]);
    expect([code, stderr.includes('error[ETL0368]: the base nowhere cannot be read')]).to.deep.equal([
      4,
      true,
    ]);
  });
});
