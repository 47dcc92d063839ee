import { expect } from 'chai';
import { type Client, client, refusal } from '../support/snowflake/client.ts';
import { SnowflakeStandIn } from '../support/snowflake/stand-in.ts';

const insert = 'INSERT INTO T VALUES (1)';

describe('the faults of the Snowflake stand-in', () => {
  let standIn: SnowflakeStandIn;
  let session: Client;

  before(async () => {
    standIn = await SnowflakeStandIn.start();
    const first = await client(standIn);
    await first.ask('CREATE TABLE T (A NUMBER(38,0))');
    await first.close();
  });
  after(() => standIn.close());
  beforeEach(async () => {
    session = await client(standIn);
    await session.ask('TRUNCATE TABLE T');
    standIn.forgetStatements();
  });
  afterEach(async () => {
    standIn.clearFaults();
    await session.close();
  });

  const rows = async (): Promise<number> => (await standIn.export('ANALYTICS.PUBLIC.T')).rows.length;

  it('answer 503, so that the client sends again', async () => {
    standIn.fault({ on: /^INSERT/, kind: '503', times: 1 });
    await session.ask(insert);
    expect(standIn.sent(/^INSERT/)).to.have.length(1);
    expect(await rows()).to.equal(1);
  });

  it('drop the connection after a statement was executed, which is not executed twice', async () => {
    standIn.fault({ on: /^INSERT/, kind: 'drop after' });
    await session.ask(insert);
    expect(standIn.sent(/^INSERT/)[0]).to.include({ sent: 2, executed: 1, outcome: 'ok' });
    expect(await rows()).to.equal(1);
  });

  it('drop the connection before', async () => {
    standIn.fault({ on: /^INSERT/, kind: 'drop before' });
    await session.ask(insert);
    expect(standIn.sent(/^INSERT/)[0]).to.include({ sent: 1, executed: 1 });
    expect(await rows()).to.equal(1);
  });

  it('let the token expire, which the client renews', async () => {
    standIn.fault({ on: /^INSERT/, kind: '390112' });
    await session.ask(insert);
    expect(await rows()).to.equal(1);
    expect(standIn.sessions.open).to.equal(1);
  });

  it('end the session for good', async () => {
    standIn.fault({ on: /^INSERT/, kind: '390114' });
    expect(await refusal(session.ask(insert))).to.match(/^390114/);
    expect(await refusal(session.ask(insert))).not.to.equal('none');
    expect(await rows()).to.equal(0);
  });

  it('lose the session', async () => {
    standIn.fault({ on: /^INSERT/, kind: '390104' });
    expect(await refusal(session.ask(insert))).to.match(/^401004/);
  });

  it('let an answer wait, which the client asks for again', async () => {
    standIn.fault({ on: /^INSERT/, kind: 'slow', forMs: 300 });
    expect(await session.ask(insert)).to.deep.equal([{ 'number of rows inserted': '1' }]);
    expect(standIn.sent(/^INSERT/)[0]).to.include({ executed: 1 });
  });

  it('time out, or fail as they are told to', async () => {
    standIn.fault({ on: /^INSERT/, kind: 'timeout' });
    expect(await refusal(session.ask(insert))).to.equal('000630 57014');
    standIn.fault({ kind: 'error', code: '253006', sqlState: '22000', message: 'so be it', after: 1 });
    await session.ask('SELECT 1');
    expect(await refusal(session.ask('SELECT 2'))).to.equal('253006 22000');
  });

  it('let a statement run until it is cancelled, and the session goes on', async () => {
    standIn.fault({ on: /^INSERT/, kind: 'hang' });
    const ended = new Promise<string>((resolve) => {
      const statement = session.connection.execute({
        sqlText: insert,
        complete: (error) => resolve(`${error?.code}`),
      });
      setTimeout(() => statement.cancel(() => undefined), 200);
    });
    expect(await ended).to.equal('000604');
    await session.ask(insert);
    expect(await rows()).to.equal(1);
  });

  it('end a statement at the time that is set for it', async () => {
    standIn.fault({ on: /^SELECT/, kind: 'hang' });
    const asked = session.ask('SELECT 1', { parameters: { STATEMENT_TIMEOUT_IN_SECONDS: 1 } });
    expect(await refusal(asked)).to.equal('000630 57014');
  });

  it('cancel what really runs', async () => {
    const long = `SELECT COUNT(*) AS N FROM (${'SELECT 1 AS A UNION ALL '.repeat(300)}SELECT 1) AS a, ${[
      'b',
      'c',
      'd',
      'e',
      'f',
    ]
      .map((name) => `(${'SELECT 1 AS A UNION ALL '.repeat(300)}SELECT 1) AS ${name}`)
      .join(', ')} WHERE a.A + b.A + c.A + d.A + e.A + f.A = 0`;
    const ended = new Promise<string>((resolve) => {
      const statement = session.connection.execute({
        sqlText: long,
        complete: (error) => resolve(`${error?.code}`),
      });
      setTimeout(() => statement.cancel(() => undefined), 500);
    });
    expect(await ended).to.equal('000604');
    expect(await session.ask('SELECT 1 AS A')).to.deep.equal([{ A: '1' }]);
  });

  it('are told apart by the log: tag, binds and session', async () => {
    await session.ask('INSERT INTO T VALUES (?)', { binds: [7], parameters: { QUERY_TAG: '{"run":1}' } });
    expect(standIn.statements).to.have.length(1);
    expect(standIn.statements[0]).to.deep.include({
      queryTag: '{"run":1}',
      binds: { 1: { type: 'FIXED', value: '7' } },
    });
  });
});
