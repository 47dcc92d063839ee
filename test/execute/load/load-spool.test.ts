import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { writeLoadFile } from '../../../engine/execute/load/load-file-writer.ts';
import { LoadSpool } from '../../../engine/execute/load/load-spool.ts';
import type { MappedRows } from '../../../engine/model/batch.ts';
import { TerminalError } from '../../../engine/model/errors.ts';
import { projectFolder } from '../../support/cli.ts';
import { mapping, mapRecords, property, rowsOf } from '../../support/mappings.ts';

const rows = (count: number, text = 'x\n'): MappedRows => ({
  mapping: 'orders',
  values: [],
  lines: Buffer.from(text.repeat(count)),
  units: count,
  count,
  marks: 0,
  tombstones: 0,
  deduplicated: 0,
  filtered: 0,
  nulled: 0,
  blocked: [],
});

const unit = (firstPage: number, lastPage: number, count: number) => ({
  id: 'u',
  mapping: 'orders',
  firstPage,
  lastPage,
  rows: count,
  marks: 0,
});

describe('load files written while staging', () => {
  it('hold a unit only if all their pages are of it, in whatever order they came', () => {
    const folder = join(projectFolder({}), 'load');
    const spool = new LoadSpool(folder, new Map([['orders', 8]]));
    // Two accounts, each with pages that were reserved for it.
    for (const page of [1, 65, 66, 2]) spool.add(page, rows(2));
    expect(spool.find(unit(1, 4, 8))).to.equal(undefined);
    expect(spool.find(unit(1, 66, 8))).to.be.a('string');
    spool.close();
  });

  it('hold the same bytes as a file made from the staged rows', async () => {
    const record = {
      id: 'a"b',
      big: '12345678901234567890',
      flag: true,
      none: null,
      text: 'line\nbreak,\\N é😀',
    };
    const columns = [
      property('id'),
      property('big', 'integer'),
      property('flag', 'boolean'),
      property('none'),
      property('text'),
    ];
    const plan = mapping(columns);
    const made = await mapRecords([record, { ...record, id: 'b', text: '\\N' }], plan);
    const staged = rowsOf(made, plan);
    const file = join(projectFolder({}), 'staged.csv');
    await writeLoadFile(
      file,
      (async function* () {
        yield staged;
      })(),
    );
    expect(made.count).to.be.above(0);
    expect(Buffer.from(made.lines).toString()).to.equal(readFileSync(file, 'utf8'));
  });

  it('are found for a unit that they hold exactly, and for no other', () => {
    const spool = new LoadSpool(join(projectFolder({}), 'load'), new Map([['orders', 100]]));
    spool.add(5, rows(10));
    spool.add(6, rows(0));
    spool.add(7, rows(20));
    const found = spool.find(unit(4, 7, 30));
    expect(readFileSync(found ?? '', 'utf8')).to.equal('x\n'.repeat(30));
    // Page 4 was staged by an earlier run; page 7 is not part of the unit; rows of page 5 are missing.
    for (const other of [unit(4, 7, 31), unit(5, 6, 30), unit(6, 7, 30)])
      expect(spool.find(other)).to.equal(undefined);
    expect(spool.find({ ...unit(5, 7, 30), mapping: 'lines' })).to.equal(undefined);
    spool.close();
  });

  it('are cut where load units are', () => {
    const spool = new LoadSpool(join(projectFolder({}), 'load'), new Map([['orders', 25]]));
    for (const page of [1, 2, 3]) spool.add(page, rows(10));
    spool.add(4, rows(40));
    expect(spool.find(unit(1, 2, 20))).to.be.a('string');
    expect(spool.find(unit(3, 3, 10))).to.be.a('string');
    expect(spool.find(unit(4, 4, 40))).to.be.a('string');
    spool.close();
  });

  it('are given up when they cannot be written', () => {
    const folder = projectFolder({ load: 'a file where the folder should be' });
    const spool = new LoadSpool(join(folder, 'load', 'run'), new Map([['orders', 25]]));
    spool.add(1, rows(10));
    expect(spool.find(unit(1, 1, 10))).to.equal(undefined);
    expect(existsSync(join(folder, 'load', 'run'))).to.equal(false);
    spool.close();
  });

  it('leave no room taken when they cannot be written', () => {
    const folder = join(projectFolder({}), 'load');
    const spool = new LoadSpool(folder, new Map([['orders', 10]]));
    spool.add(1, rows(10));
    // The next file cannot be made: something of its name is there.
    mkdirSync(join(folder, 'orders-2.csv'));
    spool.add(2, rows(10));
    expect(spool.find(unit(1, 1, 10))).to.equal(undefined);
    expect(readdirSync(folder)).to.deep.equal(['orders-2.csv']);
    spool.close();
  });
});

describe('a load file made from staging', () => {
  it('that cannot be written is named, with what to do', async () => {
    const taken = join(projectFolder({ load: '' }), 'load', 'orders.csv');
    const failure = await writeLoadFile(
      taken,
      (async function* () {
        yield [['a']];
      })(),
    ).catch((error: unknown) => error);
    expect(failure).to.be.instanceOf(TerminalError);
    expect(String((failure as TerminalError).message)).to.contain(`the load file ${taken} cannot be written`);
  });
});
