import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { replayRecordings } from '../../engine/cli/replay-recordings.ts';
import { check, plan, recordings } from '../../engine/engine.ts';
import { assert } from '../../engine/model/errors.ts';
import type { MappingPlan } from '../../engine/model/plan.ts';
import type { Project } from '../../engine/model/project.ts';
import type { RecordedOutcome } from '../../engine/model/recording.ts';
import type { RunReport } from '../../engine/model/run-report.ts';
import { emptyState } from '../../engine/model/snapshot.ts';
import { outcomeOf } from '../../engine/operations/record/outcomes.ts';
import { duckdbWarehouse } from '../../engine/services/duckdb/duckdb-warehouse.ts';
import { formsOf } from '../../engine/services/secret-forms.ts';
import { atEnd } from '../support/at-end.ts';
import { api, etl, json, ordersProject, start } from '../support/cli.ts';
import { root } from '../support/root.ts';
import { statementsOf } from '../support/warehouse-statements.ts';

const made: string[] = [];
atEnd(() => {
  for (const folder of made.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function storefront(): string {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-'));
  made.push(folder);
  cpSync(join(root, 'projects/storefront'), folder, {
    recursive: true,
    filter: (path) => !path.includes('.etl'),
  });
  return folder;
}

async function checkedProject(folder: string) {
  const checked = await check(folder, root);
  const { project } = checked;
  assert(project, 'the project is valid');
  return { ...checked, project };
}

async function replayed(folder: string): Promise<ReturnType<typeof replayRecordings>> {
  const { recordings: found, bad } = recordings(folder);
  expect(bad).to.deep.equal([]);
  return replayRecordings(await checkedProject(folder), found, new AbortController().signal);
}

const mappingsOf = async (folder: string): Promise<readonly MappingPlan[]> => {
  const checked = await checkedProject(folder);
  return Object.values(plan(checked, checked.project as Project, '0', emptyState).plan?.mappings ?? {});
};

/** What a run has made of a mapping, as a replay says it. */
async function loaded(folder: string, mapping: MappingPlan, report: RunReport): Promise<RecordedOutcome> {
  const path = join(folder, '.etl/lab/warehouse.duckdb');
  const warehouse = duckdbWarehouse({ path, memoryBytes: 64 * 1024 ** 2, statements: statementsOf() });
  try {
    const { schema, table } = mapping;
    const [known] = await warehouse.tables([{ schema, table }]);
    const sample = await warehouse.sample(schema, table, 100_000);
    return outcomeOf(mapping, report, known?.columns ?? [], sample);
  } finally {
    await warehouse.close();
  }
}

const filesOf = (folder: string): readonly string[] =>
  readdirSync(join(folder, 'recordings'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.yml'))
    .map((name) => join(folder, 'recordings', name));

describe('recordings of the storefront lab', () => {
  const folder = storefront();
  let report: RunReport;

  before(async () => {
    const ran = await etl(['run', '--lab', '--json', '--project', folder]);
    report = (JSON.parse(ran.stdout) as { result: RunReport }).result;
  });

  for (const from of ['the API', 'the ledger']) {
    it(`make the tables of the run, row for row: of ${from}`, async () => {
      const ledger = from === 'the ledger' ? ['--from-ledger', '--force'] : [];
      const args = ['record', 'marketplace', 'crm', '--lab', '--pages', '100', ...ledger];
      const { code, stderr } = await etl([...args, '--project', folder]);
      expect(code, stderr).to.equal(0);
      const replay = await replayed(folder);
      expect(replay.report.status).to.equal('succeeded');
      expect(replay.unasked).to.deep.equal([]);
      for (const mapping of await mappingsOf(folder)) {
        const expected = await loaded(folder, mapping, report);
        expect(expected.rows).to.be.above(50);
        expect(replay.outcomes.find((one) => one.mapping === mapping.name)).to.deep.equal(expected);
      }
    });
  }

  it('are tested: what becomes of them is written down, compared, and told row by row', async () => {
    const run = (...more: string[]) => etl(['test', '--project', folder, ...more]);
    expect((await run('--update')).code).to.equal(0);
    const mapping = join(folder, 'mappings/orders.yml');
    const text = readFileSync(mapping, 'utf8');
    writeFileSync(
      mapping,
      text.replace('transform: [trim, lower]}\n  currency', 'transform: [trim]}\n  currency'),
    );
    const { code, stdout } = await run();
    expect(code).to.equal(5);
    expect(stdout).to.match(/row order_id=\d+, status: expected 'paid', found 'Paid'/);
    expect(stdout).to.contain('✓ order_lines');
    writeFileSync(mapping, text);
  });
});

describe('a recording that is interrupted', () => {
  it('ends as other commands do, and writes nothing', async () => {
    let asked = (): void => {};
    const reached = new Promise<void>((resolve) => {
      asked = resolve;
    });
    const provider = await api(() => asked());
    const folder = ordersProject(provider.url);
    try {
      const { child, finished } = start(['record', 'shop.orders', '-p', folder]);
      await reached;
      child.kill('SIGINT');
      const { code, stderr } = await finished;
      expect([code, stderr]).to.deep.equal([
        130,
        'SIGINT: stopping, nothing is written; again to stop at once\n',
      ]);
      expect(readdirSync(folder)).not.to.include('recordings');
    } finally {
      await provider.close();
    }
  }).timeout(60_000);
});

describe('recording an API that repeats the key it is asked with', () => {
  const key = 'K3y/with+odd "signs" & 1';
  const other = 'sold-to-4711-street';

  it('leaves it in no byte, whatever it is wrapped in, and the recording can be replayed', async () => {
    const shop = await api((request, response) => {
      const asked = new URL(request.url ?? '', 'http://shop');
      const page = Number(asked.searchParams.get('page') ?? '1');
      asked.searchParams.set('page', String(page + 1));
      response.setHeader('link', page < 4 ? `<${asked.pathname}${asked.search}>; rel="next"` : '');
      response.setHeader('x-echo', key);
      const basic = Buffer.from(`me:${key}`).toString('base64');
      const echo = { key, basic, [key]: 1, of: other, url: `https://x/?k=${encodeURIComponent(key)}` };
      json(response, { orders: [{ id: `o${page}`, total: 9.5, echo }], asked: request.url });
    });
    const folder = ordersProject(shop.url, {
      source:
        'auth: {type: api_key, query: api_key, value: "${env:SHOP_KEY}"}\nheaders: {x-other: "${env:OTHER}"}',
      stream: '    paginate: {type: link_header}',
    });
    try {
      const env = { SHOP_KEY: key, OTHER: other };
      const { code, stdout, stderr } = await etl(['record', 'shop.orders', '--project', folder], env);
      expect(code, stderr).to.equal(0);
      expect(stdout).to.contain(
        'recorded 3 pages of shop.orders in recordings/shop.orders; the listing goes on',
      );
    } finally {
      await shop.close();
    }
    const files = filesOf(folder);
    expect(files).to.have.length(5);
    for (const file of files)
      for (const form of [key, other].flatMap(formsOf))
        expect(readFileSync(file, 'utf8').includes(form), `${form} in ${file}`).to.equal(false);
    const { report, outcomes } = await replayed(folder);
    expect(report.status).to.equal('succeeded');
    expect(outcomes[0]?.sample.map(({ id }) => id)).to.deep.equal(['o1', 'o2', 'o3']);
  });
});
