import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { declared } from '../../engine/cli/planned.ts';
import { projectRecordings, type RecordingTests, testRecordings } from '../../engine/cli/test-recordings.ts';
import { check } from '../../engine/engine.ts';
import { assert, RefusedError } from '../../engine/model/errors.ts';
import { ordersProject } from '../support/cli.ts';
import { root } from '../support/root.ts';

const head = `format: 1
stream: shop.orders
recordedAt: 2026-01-01T00:00:00.000Z
engine: 0.1.0
from: api
baseUrl: https://shop.invalid
`;

const exchange = (target: string, next: string | null, id: string): string => `request: GET ${target}
status: 200
headers: {content-type: application/json}
body: |
  {"orders": [{"id": "${id}", "total": 1234567890123456.78}], "next": ${JSON.stringify(next)}}
`;

/** A project that cannot reach anything, and whose references have no values. */
function project(): string {
  const folder = ordersProject('"${env:NOT_SET_URL}"', {
    source: 'auth: {type: bearer, token: "${env:NOT_SET_TOKEN}"}',
  });
  mkdirSync(join(folder, 'recordings/shop.orders'), { recursive: true });
  write(folder, 'recording.yml', head);
  write(folder, '0001.yml', exchange('/orders', 'n2', 'a'));
  write(folder, '0002.yml', exchange('/orders?after=n2', null, 'b'));
  return folder;
}

const write = (folder: string, name: string, text: string): void =>
  writeFileSync(join(folder, 'recordings/shop.orders', name), text);

async function tested(folder: string, update = false): Promise<RecordingTests> {
  const checked = await check(folder, root);
  const { project: valid } = checked;
  assert(valid, checked.diagnostics.map(({ summary }) => summary).join());
  const { plan } = declared({ ...checked, project: valid });
  const { signal } = new AbortController();
  return testRecordings({ ...checked, project: valid }, plan, projectRecordings(folder), { update, signal });
}

const failuresOf = ({ results }: RecordingTests): readonly string[] =>
  results.flatMap(({ cases }) => cases.flatMap(({ differences }) => differences));

describe('the replay of a recording', () => {
  it('needs no network and no secret, and compares with what was written down', async () => {
    const folder = project();
    const file = 'recordings/shop.orders/expected/orders.yml';
    expect(failuresOf(await tested(folder))).to.deep.equal([
      `nothing is expected yet: \`etl test --update\` writes what it found to ${file}`,
    ]);
    expect((await tested(folder, true)).written).to.deep.equal([file]);
    const text = readFileSync(join(folder, file), 'utf8');
    expect(text).to.contain('- { id: a, total: "1234567890123456.78" }');
    expect(failuresOf(await tested(folder))).to.deep.equal([]);
    writeFileSync(join(folder, file), text.replace('id: b,', 'id: c,'));
    expect(failuresOf(await tested(folder))).to.deep.equal([
      'row id=c: expected, not found',
      'row id=b: found, not expected',
    ]);
  });

  it('names what the stream asks for and nobody has recorded, and writes nothing down then', async () => {
    const folder = project();
    const source = join(folder, 'sources/shop.yml');
    writeFileSync(source, readFileSync(source, 'utf8').replace('param: after', 'param: since'));
    const found = await tested(folder, true);
    expect(found.written).to.deep.equal([]);
    expect(failuresOf(found)).to.include.members([
      'ETL0981: GET /orders?since=n2 was asked for and is not recorded',
      '`since`: asked n2, recorded nothing.',
    ]);
    expect(found.diagnostics.map(({ code, summary }) => `${code} ${summary}`)).to.deep.equal([
      'ETL0986 recordings/shop.orders/0002.yml was recorded and not asked for: GET /orders?after=n2',
    ]);
  });

  it('is left out where no mapping reads the stream any more, and says so', async () => {
    const folder = project();
    mkdirSync(join(folder, 'recordings/shop.returns'));
    writeFileSync(
      join(folder, 'recordings/shop.returns/recording.yml'),
      head.replace('shop.orders', 'shop.returns'),
    );
    const { diagnostics } = await tested(folder);
    expect(diagnostics.map(({ code, severity }) => [code, severity])).to.deep.equal([['ETL0987', 'warning']]);
  });

  it('is refused where the recording cannot be read, with the file and the reason', async () => {
    const folder = project();
    write(folder, '0002.yml', 'request: orders\n');
    const refused = (): unknown => projectRecordings(folder);
    expect(refused).to.throw(RefusedError, /0002\.yml is no recording: its `request` is not such as/);
    rmSync(join(folder, 'recordings/shop.orders/recording.yml'));
    expect(refused).to.throw(RefusedError, /recording\.yml is no recording: it is missing/);
  });
});
