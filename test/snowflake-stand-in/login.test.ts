import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { expect } from 'chai';
import { client, refusal } from '../support/snowflake/client.ts';
import { preset, SnowflakeStandIn } from '../support/snowflake/stand-in.ts';

const pem = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }).toString();

describe('the Snowflake stand-in, logging in', () => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const other = generateKeyPairSync('rsa', { modulusLength: 2048 });
  let standIn: SnowflakeStandIn;

  before(async () => {
    standIn = await SnowflakeStandIn.start({
      users: {
        SLUICE: {
          password: preset.password,
          publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
          oauthToken: 'oauth-1',
          accessToken: 'pat-1',
          role: 'LOADER',
          roles: ['READER'],
        },
      },
      grants: { LOADER: 'all', READER: [], OTHER: 'all' },
    });
  });
  after(() => standIn.close());

  const login = async (options: object): Promise<string> => {
    const session = await client(standIn, { password: '', ...options });
    const [row] = await session.ask('SELECT CURRENT_ROLE() AS ROLE');
    await session.close();
    return String(row?.['ROLE']);
  };

  it('takes the password, and no other', async () => {
    expect(await login({ password: preset.password })).to.equal('LOADER');
    expect(await refusal(login({ password: 'wrong' }))).to.match(/^390100/);
    expect(await refusal(login({ username: 'nobody', password: preset.password }))).to.match(/^390100/);
  });

  it('takes a key whose signature fits the public key, with a passphrase or without', async () => {
    const encrypted = privateKey.export({
      type: 'pkcs8',
      format: 'pem',
      cipher: 'aes-256-cbc',
      passphrase: 'p',
    });
    expect(await login({ authenticator: 'SNOWFLAKE_JWT', privateKey: pem(privateKey) })).to.equal('LOADER');
    const decrypted = createPrivateKey({ key: encrypted, passphrase: 'p' });
    expect(await login({ authenticator: 'SNOWFLAKE_JWT', privateKey: pem(decrypted) })).to.equal('LOADER');
  });

  it('refuses the signature of another key, and the account of another', async () => {
    const jwt = { authenticator: 'SNOWFLAKE_JWT', privateKey: pem(privateKey) };
    expect(await refusal(login({ ...jwt, privateKey: pem(other.privateKey) }))).to.match(/^390144/);
    expect(await refusal(login({ ...jwt, username: 'SOMEBODY' }))).to.match(/^390/);
  });

  it('takes the OAuth and access tokens that are registered', async () => {
    expect(await login({ authenticator: 'OAUTH', token: 'oauth-1' })).to.equal('LOADER');
    expect(await refusal(login({ authenticator: 'OAUTH', token: 'oauth-2' }))).to.match(/^390303/);
    const access = { authenticator: 'PROGRAMMATIC_ACCESS_TOKEN' };
    expect(await login({ ...access, token: 'pat-1' })).to.equal('LOADER');
    expect(await refusal(login({ ...access, token: 'oauth-1' }))).to.match(/^394400/);
  });

  it('gives the roles of the user only', async () => {
    expect(await login({ password: preset.password, role: 'READER' })).to.equal('READER');
    expect(await refusal(login({ password: preset.password, role: 'OTHER' }))).to.match(/^390189/);
  });

  it('logs in where nothing is current, and complains when it is needed', async () => {
    const session = await client(standIn, { warehouse: 'NONE', database: 'NONE' });
    expect(await session.ask('SELECT CURRENT_DATABASE() AS D, CURRENT_WAREHOUSE() AS W')).to.deep.equal([
      { D: null, W: null },
    ]);
    expect(await refusal(session.ask('CREATE TABLE T (A VARCHAR)'))).to.equal('090105 22000');
    await session.ask('CREATE TABLE ANALYTICS.PUBLIC.T (A VARCHAR)');
    expect(await refusal(session.ask('SELECT * FROM ANALYTICS.PUBLIC.T'))).to.equal('000606 57P03');
    await session.ask('USE DATABASE ANALYTICS');
    expect(await refusal(session.ask('SELECT * FROM T'))).to.equal('000606 57P03');
    await session.all('USE WAREHOUSE LOAD_WH', 'USE SCHEMA PUBLIC', 'SELECT * FROM T');
    await session.close();
  });

  it('answers heartbeats, and counts sessions until they are closed', async () => {
    const before = standIn.sessions.open;
    const session = await client(standIn);
    expect(standIn.sessions.open).to.equal(before + 1);
    expect(await session.connection.isValidAsync()).to.equal(true);
    await session.close();
    expect(standIn.sessions.open).to.equal(before);
  });
});
