import { expect } from 'chai';
import fc from 'fast-check';
import { ExplainedError } from '../../../../engine/model/errors.ts';
import { parseConnection } from '../../../../engine/services/postgres/connection-url.ts';
import { numbered } from '../../../../engine/services/staging/postgres/parameters.ts';
import { restored, storable } from '../../../../engine/services/staging/postgres/texts.ts';

describe('texts that PostgreSQL cannot store', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc
      .array(fc.constantFrom('\0', '\u{fdd0}', '0', '1', 'a'), { maxLength: 8 })
      .map((parts) => parts.join('')),
  );

  it('are stored as others, and come back', () => {
    fc.assert(
      fc.property(text, (one) => {
        expect(storable(one)).to.not.include('\0');
        expect(restored(storable(one))).to.equal(one);
      }),
    );
  });

  it('leave all others as they are', () => {
    for (const one of ['', 'a', 'a\u{fdd0}', '\\0', '␀']) expect(storable(one)).to.equal(one);
  });
});

describe('parameters', () => {
  it('are numbered in order, except in texts and names', () => {
    expect(numbered(`SELECT ?, 'it''s ?', "odd ""?"" name" FROM t WHERE a = ? AND b IN (?, ?)`)).to.equal(
      `SELECT $1, 'it''s ?', "odd ""?"" name" FROM t WHERE a = $2 AND b IN ($3, $4)`,
    );
  });
});

describe('the URL of a PostgreSQL server', () => {
  it('says where it is and how to sign in', () => {
    expect(parseConnection('postgres://etl:p%40ss%2Fword@127.0.0.1/staging', 'staging')).to.deep.equal({
      host: '127.0.0.1',
      port: 5432,
      database: 'staging',
      username: 'etl',
      password: 'p@ss/word',
      ssl: false,
    });
    expect(parseConnection('postgresql://etl@localhost:6543', 'staging')).to.include({
      port: 6543,
      database: 'etl',
    });
    expect(parseConnection('postgres://etl@localhost/staging?host=/run/postgresql', 'staging')).to.include({
      host: '/run/postgresql',
      ssl: false,
    });
    expect(parseConnection('postgres://etl@[::1]/staging', 'staging')).to.include({
      host: '::1',
      ssl: false,
    });
  });

  it('asks for TLS off this machine, unless it says otherwise', () => {
    const sslOf = (end: string) => parseConnection(`postgres://etl@db.example/staging${end}`, 'staging').ssl;
    expect(sslOf('')).to.deep.equal({ rejectUnauthorized: true });
    expect(sslOf('?sslmode=require')).to.deep.equal({ rejectUnauthorized: false });
    expect(sslOf('?sslmode=disable')).to.equal(false);
    expect(Object.keys(sslOf('?sslmode=verify-ca') as object)).to.deep.equal([
      'rejectUnauthorized',
      'checkServerIdentity',
    ]);
  });

  const wrong = {
    'mysql://etl:hunter2@db/x': 'does not begin with postgres://',
    'postgres://etl:hun#ter2@db/x': 'it is no URL',
    'postgres://etl:hunter2%@db/x': '% that is no escape',
    'postgres://:hunter2@db/x': 'names no user',
    'postgres://etl:hunter2@db/x?sslmode=prefer': 'sslmode',
    'postgres://etl:hunter2@db/x?sslrootcert=/no/such/file': '/no/such/file cannot be read',
  };
  for (const [url, why] of Object.entries(wrong)) {
    it(`is refused without being quoted: ${why}`, () => {
      let error: unknown;
      try {
        parseConnection(url, 'staging');
      } catch (thrown) {
        error = thrown;
      }
      expect(error).to.be.instanceOf(ExplainedError);
      const { diagnostic } = error as ExplainedError;
      expect(diagnostic.code).to.equal('ETL0624');
      expect(diagnostic.summary).to.include(why);
      expect(JSON.stringify(diagnostic)).to.not.match(/hunt?#?er/);
    });
  }
});
