import { generateKeyPairSync } from 'node:crypto';
import { existsSync, mkdtempSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { ExplainedError } from '../../../engine/model/errors.ts';
import { preset } from '../../support/snowflake/stand-in.ts';
import { bench, define, type Mapped, row } from './bench.ts';

const passphrase = 'key to the key';
const own = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase },
});
const foreign = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
});

const users = {
  [preset.username]: {
    role: preset.role,
    warehouse: preset.warehouse,
    publicKey: own.publicKey,
    oauthToken: 'an oauth token',
    accessToken: 'an access token',
  },
};

Object.assign(process.env, {
  TEST_SNOWFLAKE_KEY: own.privateKey,
  TEST_SNOWFLAKE_FOREIGN_KEY: foreign.privateKey,
  TEST_SNOWFLAKE_PASS: passphrase,
  TEST_SNOWFLAKE_NO_PASS: 'no such phrase',
  TEST_SNOWFLAKE_OAUTH: 'an oauth token',
  TEST_SNOWFLAKE_PAT: 'an access token',
});

type Settings = NonNullable<Mapped['settings']>;

const keyFile = join(mkdtempSync(join(tmpdir(), 'sluice-key-')), 'key.p8');
writeFileSync(keyFile, own.privateKey);

const key = { privateKey: '${env:TEST_SNOWFLAKE_KEY}', authenticator: 'key_pair' };
const pass = { privateKeyPass: '${env:TEST_SNOWFLAKE_PASS}' };

const logins: readonly (readonly [name: string, settings: Settings, code: string])[] = [
  ['a key pair with a passphrase', { ...key, ...pass }, 'in'],
  ['a key file', { authenticator: 'key_pair', privateKeyPath: keyFile, ...pass }, 'in'],
  ['an OAuth token', { authenticator: 'oauth', token: '${env:TEST_SNOWFLAKE_OAUTH}' }, 'in'],
  ['a programmatic token', { authenticator: 'pat', token: '${env:TEST_SNOWFLAKE_PAT}' }, 'in'],
  [
    'the key of another user',
    { authenticator: 'key_pair', privateKey: '${env:TEST_SNOWFLAKE_FOREIGN_KEY}' },
    'ETL0730',
  ],
  ['the wrong passphrase', { ...key, privateKeyPass: '${env:TEST_SNOWFLAKE_NO_PASS}' }, 'ETL0730'],
  ['a wrong OAuth token', { authenticator: 'oauth', token: '${env:TEST_SNOWFLAKE_PAT}' }, 'ETL0730'],
  ['a wrong programmatic token', { authenticator: 'pat', token: '${env:TEST_SNOWFLAKE_OAUTH}' }, 'ETL0730'],
  ['a role that is not theirs', { ...key, ...pass, role: 'ACCOUNTADMIN' }, 'ETL0731'],
];

describe('sessions of the Snowflake warehouse', function () {
  this.timeout(60_000);

  for (const [name, settings, expected] of logins) {
    it(`begin with ${name}: ${expected}`, async () => {
      const one = await bench({ settings }, { users });
      const outcome = await define(one).then(
        () => 'in',
        (error: ExplainedError) => {
          const said = JSON.stringify(error.diagnostic);
          for (const secret of [passphrase, 'no such phrase', 'an oauth token', 'an access token', 'PRIVATE'])
            expect(said).not.to.contain(secret);
          return error.diagnostic.code;
        },
      );
      expect(outcome).to.equal(expected);
    });
  }

  it('tell with each statement for whom it is', async () => {
    const one = await bench();
    await define(one);
    one.standIn.forgetStatements();
    await one.run('1-1', [row('a', ['x'], 1, 'h')]);
    expect(one.standIn.statements.length).to.be.greaterThan(5);
    for (const { sql, queryTag } of one.standIn.statements)
      expect(JSON.parse(queryTag), sql).to.deep.equal({
        project: 'demo',
        environment: 'dev',
        run: 'r1',
        mapping: 'all',
      });
  });

  it('send as many statements whatever the number of rows, but one for each file', async () => {
    const one = await bench({ settings: { fileSize: '64KiB' } });
    await define(one);
    const counts = async (pages: string, rows: number): Promise<readonly [number, number]> => {
      one.standIn.forgetStatements();
      const page = Number(pages.split('-')[0]);
      let seed = 7;
      const texts = Array.from({ length: rows }, () => {
        seed = (seed * 48271) % 2147483647;
        return seed.toString(36).repeat(3);
      });
      await one.run(
        pages,
        texts.map((text, at) => row(`${pages} ${at}`, [text], page, text)),
      );
      const puts = one.standIn.sent(/^PUT/).length;
      return [one.standIn.statements.length - puts, puts];
    };
    const [few, small] = await counts('1-1', 1);
    const [many, large] = await counts('2-2', 100_000);
    expect(small).to.equal(1);
    expect(large).to.be.greaterThan(2);
    expect(many).to.equal(few);
    expect((await one.warehouse.sample('sales', 'all', 1)).total).to.equal(100_001);
    expect(await one.standIn.staged('ANALYTICS.PUBLIC._ETL_STAGE')).to.deep.equal([]);
  });

  it('are kept from one load to the next, and ended', async () => {
    const one = await bench();
    await define(one);
    await one.run('1-1', [row('a', ['x'], 1, 'h')]);
    await one.run('2-2', [row('b', ['x'], 2, 'h')]);
    expect(one.standIn.sessions.opened).to.equal(1);
    await one.warehouse.close();
    expect(one.standIn.sessions.open).to.equal(0);
  });

  it('leave no log file and no changed umask', async () => {
    const before = process.umask(0o027);
    try {
      const one = await bench();
      await define(one);
      await one.run('1-1', [row('a', ['x'], 1, 'h')]);
      expect(existsSync('snowflake.log')).to.equal(false);
      const file = join(mkdtempSync(join(tmpdir(), 'sluice-umask-')), 'f');
      writeFileSync(file, '');
      expect(statSync(file).mode & 0o777).to.equal(0o640);
    } finally {
      process.umask(before);
    }
  });

  it('do their work side by side', async () => {
    const one = await bench();
    await define(one);
    const loads = await Promise.all(
      [1, 2, 3].map((page) => one.run(`${page}-${page}`, [row(`k${page}`, ['x'], page, 'h')])),
    );
    expect(loads.map(({ inserted }) => inserted)).to.deep.equal([1, 1, 1]);
  });
});
