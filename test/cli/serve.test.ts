import { expect } from 'chai';
import { api, etl, json, ordersProject, type Running, start } from '../support/cli.ts';

const stream = (schedule: string): string =>
  `    paginate: {type: cursor_token, token: next, param: after}\n    schedule: ${schedule}`;

/** Resolves when the command has printed this to stderr. */
const said = ({ child }: Running, text: string): Promise<void> =>
  new Promise((resolve) => {
    let printed = '';
    child.stderr?.on('data', (data: Buffer) => {
      printed += data;
      if (printed.includes(text)) resolve();
    });
  });

describe('etl serve', () => {
  it('refuses what was not applied, serves what was, and ends with what it has served', async () => {
    const provider = await api((_request, response) =>
      json(response, { orders: [{ id: 'A', total: '1.00' }] }),
    );
    const folder = ordersProject(provider.url, { stream: stream('every 1s') });
    const refused = await etl(['serve', '-p', folder]);
    expect(refused.code).to.equal(4);
    expect(refused.stderr).to.contain('error[ETL0333]: no plan was applied in the environment dev yet');
    expect((await etl(['run', '-q', '-p', folder])).code).to.equal(0);
    const serving = start(['serve', '-p', folder, '--json']);
    await said(serving, '1 record received');
    const second = await etl(['serve', '-p', folder]);
    expect(second.code).to.equal(4);
    expect(second.stderr).to.contain('error[ETL0630]');
    serving.child.kill('SIGTERM');
    const { code, stdout } = await serving.finished;
    await provider.close();
    expect(code).to.equal(143);
    const { result } = JSON.parse(stdout) as { result: { runs: number; streams: { stream: string }[] } };
    expect(result.runs).to.be.at.least(1);
    expect(result.streams.map((one) => one.stream)).to.deep.equal(['shop.orders']);
    const state = await etl(['state', 'show', '-p', folder]);
    expect(state.stdout).to.match(/ {2}schedule every 1s\n {2}fresh {4}as of /);
  });
});
