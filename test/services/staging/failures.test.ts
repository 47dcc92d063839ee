import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { ExplainedError, TerminalError, TransientError } from '../../../engine/model/errors.ts';
import { migrateUp } from '../../../engine/services/staging/migrate.ts';
import { SqliteDatabase } from '../../../engine/services/staging/sqlite/sqlite-database.ts';
import { explained } from '../../../engine/services/staging/sqlite/sqlite-failures.ts';
import { SqliteHandle } from '../../../engine/services/staging/sqlite/sqlite-handle.ts';
import { openStaging } from '../../../engine/services/staging/staging.ts';
import {
  commitAll,
  mappingPlan,
  stagedPage,
  stillClock,
  streamPlan,
} from '../../contracts/staging-samples.ts';
import { scratchFile } from './scratch.ts';

const open = (storage: string, environment = 'dev') =>
  openStaging({ storage, environment, clock: stillClock, busyTimeoutMs: 50 });

async function failureOf(work: Promise<unknown>): Promise<ExplainedError> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).to.be.instanceOf(ExplainedError);
  return error as ExplainedError;
}

describe('a staging database that cannot be used', () => {
  it('says that another process has locked it, and works once it is released', async () => {
    const storage = scratchFile();
    const staging = open(storage);
    await staging.migrate();
    const other = new SqliteHandle(storage, { busyTimeoutMs: 50 });
    await other.exec('BEGIN IMMEDIATE');
    const error = await failureOf(staging.reservePages(1));
    expect(error).to.be.instanceOf(TransientError);
    expect(error.diagnostic.code).to.equal('ETL0601');
    expect(error.diagnostic.summary).to.include(storage);
    await other.exec('ROLLBACK');
    expect(await staging.reservePages(1)).to.equal(1);
    other.close();
    await staging.close();
  });

  it('does not wait as long again for a lock that it has waited for in vain', async () => {
    const storage = scratchFile();
    const database = new SqliteDatabase({ storage, busyTimeoutMs: 150 });
    const waits = () => database.write((handle) => handle.first('PRAGMA busy_timeout'));
    expect(await waits()).to.deep.equal({ timeout: 150 });
    const other = new SqliteHandle(storage, { busyTimeoutMs: 50 });
    await other.exec('BEGIN IMMEDIATE');
    await failureOf(waits());
    await failureOf(waits());
    await other.exec('ROLLBACK');
    expect(await waits()).to.deep.equal({ timeout: 100 });
    expect(await waits()).to.deep.equal({ timeout: 150 });
    other.close();
    await database.close();
  });

  it('says that the disk is full, keeps what was committed, and works once there is space', async () => {
    const database = new SqliteDatabase({ storage: scratchFile(), busyTimeoutMs: 50 });
    await migrateUp(database);
    const grow = (limit: string) =>
      database.write(async (handle) => {
        await handle.exec(`PRAGMA max_page_count = ${limit}`);
        await handle.exec('CREATE TABLE filler (bytes BLOB)');
        for (let at = 0; at < 100; at += 1) await handle.run('INSERT INTO filler VALUES (zeroblob(10000))');
      });
    const error = await failureOf(grow('30'));
    expect(error).to.be.instanceOf(TerminalError);
    expect(error.diagnostic.code).to.equal('ETL0602');
    await grow('4294967294');
    await database.close();
  });

  it('says that the disk is full when there is no space for its tables', async () => {
    const database = new SqliteDatabase({ storage: scratchFile(), busyTimeoutMs: 50 });
    await database.write((handle) => handle.exec('PRAGMA max_page_count = 4'));
    expect((await failureOf(migrateUp(database))).diagnostic.code).to.equal('ETL0602');
    await database.write((handle) => handle.exec('PRAGMA max_page_count = 4294967294'));
    await migrateUp(database);
    await database.close();
  });

  it('leaves a file alone that is no database', async () => {
    const storage = scratchFile();
    mkdirSync(dirname(storage));
    writeFileSync(storage, 'Dear diary, '.repeat(1000));
    const staging = open(storage);
    expect((await failureOf(staging.migrate())).diagnostic.code).to.equal('ETL0603');
    await staging.close();
  });

  it('says that its folder cannot be made', async () => {
    const storage = scratchFile();
    writeFileSync(dirname(storage), 'a file where a folder should be');
    const staging = open(join(storage, 'staging.sqlite'));
    const error = await failureOf(staging.migrate());
    expect(error).to.be.instanceOf(TerminalError);
    expect(error.diagnostic.code).to.equal('ETL0605');
    await staging.close();
  });

  it('explains each error of SQLite once, and nothing else', () => {
    const codeOf = (sqliteCodeName: string): string => {
      const error = explained({ parent: { sqliteCodeName } }, 'staging.sqlite');
      return error instanceof ExplainedError ? error.diagnostic.code : 'unexplained';
    };
    expect(codeOf('SQLITE_CORRUPT')).to.equal('ETL0604');
    expect(codeOf('SQLITE_READONLY')).to.equal('ETL0605');
    expect(codeOf('SQLITE_IOERR')).to.equal('ETL0606');
    expect(codeOf('SQLITE_CONSTRAINT')).to.equal('unexplained');
    const bug = new Error('Assertion failed: a bug');
    expect(explained(bug, 'staging.sqlite')).to.equal(bug);
  });

  it('belongs to the environment that has used it first', async () => {
    const storage = scratchFile();
    const production = open(storage, 'production');
    await production.migrate();
    await production.prepare(mappingPlan({ id: 'string' }));
    await production.close();
    const test = open(storage, 'test');
    const error = await failureOf(test.migrate());
    expect(error.diagnostic.code).to.equal('ETL0607');
    expect(error.diagnostic.summary).to.include('production').and.include('test');
    await test.close();
  });
});

describe('a mapping that was not prepared', () => {
  it('is a bug of ours, and nothing is staged', async () => {
    const staging = open(':memory:');
    await staging.migrate();
    const work = staging.commit(streamPlan(), [stagedPage({ id: 1, rows: [{ values: ['a'] }] })]);
    const error = await work.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).to.be.instanceOf(Error).and.not.instanceOf(ExplainedError);
    expect((await staging.keptPages()).size).to.equal(0);
    await staging.close();
  });
});

describe('closing the staging database', () => {
  it('waits for what is being written, and can be done twice or before anything else', async () => {
    const storage = scratchFile();
    const staging = open(storage);
    await staging.migrate();
    await staging.prepare(mappingPlan({ id: 'string' }));
    const written = commitAll(staging, [{ id: 1, rows: [{ values: ['a'] }] }]);
    await Promise.all([staging.close(), staging.close(), written]);
    const again = open(storage);
    expect(await again.keptPages()).to.deep.equal(
      new Map([['shop.orders', { kept: 1, dropped: 0, records: 1 }]]),
    );
    await again.close();
    await open(scratchFile()).close();
  });
});
