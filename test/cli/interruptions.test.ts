import { execFileSync } from 'node:child_process';
import { expect } from 'chai';
import { api, json, ordersProject, projectFolder, type Running, start } from '../support/cli.ts';

/** Resolves when the command has printed this to stderr, with what it has printed so far. */
function said({ child }: Running, text: string): Promise<string> {
  let printed = '';
  return new Promise((resolve) => {
    child.stderr?.on('data', (data: Buffer) => {
      printed += data;
      if (printed.includes(text)) resolve(printed);
    });
  });
}

/** An API whose first request is announced, and never answered. */
async function silentApi() {
  let announce = (): void => {};
  const asked = new Promise<void>((resolve) => {
    announce = resolve;
  });
  return { asked, provider: await api(() => announce()) };
}

/** Sends what curl would, with the words that a shell makes of the line. */
async function asCurl(line: string): Promise<Response> {
  const script = `curl() { printf '%s\\n' "$@"; }; ${line}`;
  const words = execFileSync('sh', ['-c', script]).toString().trimEnd().split('\n');
  const [, flag, value = ''] = words;
  const [name = '', ...rest] = value.split(': ');
  const headers: Record<string, string> = {};
  if (flag === '-H') headers[name] = rest.join(': ');
  if (flag === '-u') headers['Authorization'] = `Basic ${Buffer.from(value).toString('base64')}`;
  return fetch(words.at(-1) ?? '', { headers });
}

const source = (name: string, auth: string): string => `kind: source
name: ${name}
baseUrl: https://${name}.example/v1
auth: ${auth}
streams:
  orders:
    request: {path: /orders, query: {status: any}}
    primaryKey: [id]
    lab: {generate: {records: 3, record: {id: {gen: sequence}}}}
`;

const sources = {
  headed: '{type: api_key, header: X-Key, value: "${env:ONE}"}',
  queried: '{type: api_key, query: api_key, value: "${env:TWO}"}',
  bearing: '{type: bearer, token: "${file:secrets/three}"}',
  basic: '{type: basic, username: "it\'s", password: "${env:FOUR}"}',
};

const labProject = (): string =>
  projectFolder({
    'etl.yml': 'kind: project\nname: demo\n',
    ...Object.fromEntries(
      Object.entries(sources).map(([name, auth]) => [`sources/${name}.yml`, source(name, auth)]),
    ),
  });

describe('an interrupted command', () => {
  for (const [signal, exitCode] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    it(`ends etl preview quietly on ${signal}`, async () => {
      const { asked, provider } = await silentApi();
      const { child, finished } = start(['preview', 'orders', '-p', ordersProject(provider.url)]);
      await asked;
      child.kill(signal);
      const { code, stdout, stderr } = await finished;
      await provider.close();
      expect({ code, stdout, stderr }).to.deep.equal({
        code: exitCode,
        stdout: '',
        stderr: `${signal}: stopping; again to stop at once\n`,
      });
    });
  }

  it('says that etl run saves what was received', async () => {
    const { asked, provider } = await silentApi();
    const { child, finished } = start(['run', '-p', ordersProject(provider.url)]);
    await asked;
    child.kill('SIGINT');
    const { code, stderr } = await finished;
    await provider.close();
    expect(code).to.equal(130);
    expect(stderr).to.contain('SIGINT: saving what was received; again to stop at once\n');
  });
});

describe('etl lab', () => {
  it('says that it is stopping, and what it has served', async () => {
    const running = start(['lab', '-p', labProject()]);
    await said(running, 'Run against it');
    running.child.kill('SIGINT');
    const { code, stdout, stderr } = await running.finished;
    expect(code).to.equal(0);
    expect(stderr).to.contain('SIGINT: stopping; again to stop at once');
    expect(stdout).to.contain('headed');
  });

  it('prints a line for curl that each source answers', async () => {
    const running = start(['lab', '-p', labProject()]);
    const printed = await said(running, 'Run against it');
    const lines = printed.split('\n').filter((line) => line.startsWith('  curl '));
    const answers = await Promise.all(lines.map(async (line) => (await asCurl(line)).status));
    running.child.kill('SIGINT');
    await running.finished;
    expect(answers).to.deep.equal(Object.keys(sources).map(() => 200));
  });

  it('prints its figures although nobody reads its stderr any more', async () => {
    const running = start(['lab', '--json', '-p', labProject()]);
    await said(running, 'Run against it');
    running.child.stderr?.destroy();
    running.child.kill('SIGINT');
    const { code, stdout } = await running.finished;
    expect(code).to.equal(0);
    expect(Object.keys((JSON.parse(stdout) as { result: object }).result)).to.have.members(
      Object.keys(sources),
    );
  });
});

describe('etl run', () => {
  it('goes on although nobody reads its stderr any more', async () => {
    const provider = await api((_, response) => {
      running.child.stderr?.destroy();
      json(response, { orders: [{ id: '1', total: '1.50' }] });
    });
    const running = start(['run', '-p', ordersProject(provider.url)]);
    const { code, stdout } = await running.finished;
    await provider.close();
    expect(code).to.equal(0);
    expect(stdout).to.contain('orders');
  });
});
