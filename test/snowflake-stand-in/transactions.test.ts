import { expect } from 'chai';
import { type Client, client, refusal } from '../support/snowflake/client.ts';
import { SnowflakeStandIn } from '../support/snowflake/stand-in.ts';

describe('the transactions of the Snowflake stand-in', () => {
  let standIn: SnowflakeStandIn;
  let one: Client;
  let two: Client;

  before(async () => {
    standIn = await SnowflakeStandIn.start();
    [one, two] = [await client(standIn), await client(standIn)];
    await one.ask('CREATE TABLE T (A NUMBER(38,0), B VARCHAR)');
  });
  after(async () => {
    await one.close();
    await two.close();
    await standIn.close();
  });
  beforeEach(() => one.ask('TRUNCATE TABLE T'));

  const count = async (session: Client): Promise<unknown> =>
    (await session.ask('SELECT COUNT(*) AS N FROM T'))[0]?.['N'];

  it('show to others what is committed, and only that', async () => {
    await one.all('BEGIN', 'INSERT INTO T VALUES (1, NULL)');
    expect([await count(one), await count(two)]).to.deep.equal(['1', '0']);
    await one.ask('COMMIT');
    expect(await count(two)).to.equal('1');
    await one.all('BEGIN', 'DELETE FROM T', 'ROLLBACK');
    expect(await count(one)).to.equal('1');
  });

  for (const definition of [
    'CREATE TABLE IF NOT EXISTS U (A VARCHAR)',
    'CREATE OR REPLACE TEMPORARY TABLE V (A VARCHAR)',
    'ALTER TABLE IF EXISTS NONE ADD COLUMN X VARCHAR',
    'DROP TABLE IF EXISTS NONE',
    'CREATE STAGE IF NOT EXISTS S',
    'CREATE SCHEMA IF NOT EXISTS PUBLIC',
    'TRUNCATE TABLE IF EXISTS NONE',
  ])
    it(`are committed by ${definition}`, async () => {
      await one.all('BEGIN', 'INSERT INTO T VALUES (1, NULL)', definition, 'ROLLBACK');
      expect(await count(two)).to.equal('1');
    });

  it('are lost with the session that is closed', async () => {
    const third = await client(standIn);
    await third.all('BEGIN', 'INSERT INTO T VALUES (1, NULL)');
    await third.close();
    expect(await count(one)).to.equal('0');
  });

  it('must be rolled back once a statement in them failed', async () => {
    await one.all('BEGIN', 'INSERT INTO T VALUES (1, NULL)');
    expect(await refusal(one.ask("INSERT INTO T VALUES ('x', NULL)"))).to.equal('100038 22018');
    expect(await refusal(one.ask('COMMIT'))).to.equal('000603 25000');
    await one.ask('ROLLBACK');
    expect(await count(one)).to.equal('0');
  });

  it('make another UPDATE of the same table wait', async () => {
    await one.all('INSERT INTO T VALUES (1, NULL)', 'BEGIN', "UPDATE T SET B = 'one'");
    let isDone = false;
    const waiting = two.ask("UPDATE T SET B = 'two'").then(() => {
      isDone = true;
    });
    await two.connection.isValidAsync();
    expect(isDone).to.equal(false);
    await one.ask('COMMIT');
    await waiting;
    expect(await one.ask('SELECT B FROM T')).to.deep.equal([{ B: 'two' }]);
  });

  it('keep temporary tables to their session, before tables of the same name', async () => {
    await one.all('CREATE TEMPORARY TABLE T (X VARCHAR)', "INSERT INTO T VALUES ('mine')");
    expect(await one.ask('SELECT * FROM T')).to.deep.equal([{ X: 'mine' }]);
    expect(await count(two)).to.equal('0');
    await one.ask('DROP TABLE T');
    expect(await count(one)).to.equal('0');
    await one.ask('CREATE TEMPORARY TABLE ONLY_MINE (X VARCHAR)');
    expect(await refusal(two.ask('SELECT * FROM ONLY_MINE'))).to.equal('002003 42S02');
  });
});
