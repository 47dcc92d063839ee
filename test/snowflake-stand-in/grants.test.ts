import { expect } from 'chai';
import { type Client, client, refusal } from '../support/snowflake/client.ts';
import { preset, SnowflakeStandIn } from '../support/snowflake/stand-in.ts';

const { username, password } = preset;

describe('the grants of the Snowflake stand-in', () => {
  let standIn: SnowflakeStandIn;
  let owner: Client;
  let reader: Client;

  before(async () => {
    standIn = await SnowflakeStandIn.start({
      users: { [username]: { password, role: 'LOADER', roles: ['READER'] } },
      grants: {
        LOADER: 'all',
        READER: ['USAGE ON WAREHOUSE LOAD_WH', 'USAGE ON DATABASE ANALYTICS'],
      },
    });
    owner = await client(standIn);
    reader = await client(standIn, { role: 'READER' });
    await owner.all('CREATE SCHEMA SALES', 'CREATE TABLE SALES.T (A NUMBER(38,0))', 'CREATE STAGE SALES.S');
  });
  after(async () => {
    await owner.close();
    await reader.close();
    await standIn.close();
  });

  it('hide a schema without USAGE', async () => {
    expect(await refusal(reader.ask('SELECT * FROM SALES.T'))).to.equal('002043 02000');
    expect(await refusal(reader.ask('CREATE SCHEMA OTHER'))).to.equal('003001 42501');
    expect(
      await reader.ask("SELECT TABLE_NAME FROM INFORMATION_SCHEMA.TABLES WHERE TABLE_SCHEMA = 'SALES'"),
    ).to.deep.equal([]);
  });

  it('let nobody create or see more than is granted', async () => {
    standIn.grant('READER', 'USAGE ON SCHEMA ANALYTICS.SALES');
    expect(await refusal(reader.ask('CREATE TABLE SALES.MINE (A NUMBER(38,0))'))).to.equal('003001 42501');
    expect(await refusal(reader.ask('CREATE STAGE SALES.MINE'))).to.equal('003001 42501');
    expect(await refusal(reader.ask('LIST @SALES.S'))).to.equal('003001 42501');
    expect(await refusal(reader.ask('SELECT * FROM SALES.T'))).to.equal('002003 42S02');
  });

  it('let a table be read but not written', async () => {
    standIn.grant('READER', 'SELECT ON TABLE ANALYTICS.SALES.T');
    expect(await reader.ask('SELECT * FROM SALES.T')).to.deep.equal([]);
    expect(await refusal(reader.ask('INSERT INTO SALES.T VALUES (1)'))).to.equal('003001 42501');
    expect(await refusal(reader.ask('DELETE FROM SALES.T'))).to.equal('003001 42501');
    expect(await refusal(reader.ask('ALTER TABLE SALES.T ADD COLUMN B VARCHAR'))).to.equal('003001 42501');
    expect(await refusal(reader.ask('DROP TABLE SALES.T'))).to.equal('003001 42501');
  });

  it('give what is created to who creates it', async () => {
    standIn.grant('READER', 'CREATE TABLE ON SCHEMA ANALYTICS.SALES');
    await reader.all(
      'CREATE TABLE SALES.MINE (A NUMBER(38,0))',
      'INSERT INTO SALES.MINE VALUES (1)',
      'DROP TABLE SALES.MINE',
    );
  });
});
