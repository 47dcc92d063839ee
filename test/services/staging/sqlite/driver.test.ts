import { expect } from 'chai';
import {
  DataTypes,
  ForeignKeyConstraintError,
  type Model,
  type ModelStatic,
  Sequelize,
  UniqueConstraintError,
} from 'sequelize';
import { sqliteCode, sqliteDriver } from '../../../../engine/services/staging/sqlite/driver.ts';
import { SqliteHandle } from '../../../../engine/services/staging/sqlite/sqlite-handle.ts';
import { scratchFile } from '../scratch.ts';

interface Shop {
  readonly id?: number;
  readonly name: string;
  readonly open?: boolean;
  readonly logo?: Buffer;
  readonly owner?: number | null;
}

describe('the SQLite driver under Sequelize', () => {
  let sequelize: Sequelize;
  let shops: ModelStatic<Model<Shop>>;
  let closeAll: () => void;

  beforeEach(async () => {
    const driver = sqliteDriver({ busyTimeoutMs: 50 });
    closeAll = driver.closeAll;
    sequelize = new Sequelize({
      dialect: 'sqlite',
      dialectModule: driver.dialectModule,
      storage: scratchFile(),
      logging: false,
    });
    shops = sequelize.define<Model<Shop>>(
      'shops',
      {
        id: { type: DataTypes.INTEGER, primaryKey: true, autoIncrement: true },
        name: { type: DataTypes.TEXT, unique: true },
        open: DataTypes.BOOLEAN,
        logo: DataTypes.BLOB,
        owner: { type: DataTypes.INTEGER, references: { model: 'shops', key: 'id' } },
      },
      { timestamps: false },
    );
    await sequelize.sync();
  });

  afterEach(async () => {
    await sequelize.close();
    closeAll();
  });

  const failureOf = (work: Promise<unknown>): Promise<unknown> =>
    work.then(
      () => undefined,
      (error: unknown) => error,
    );

  it('gives new rows their ids, and counts what it changes', async () => {
    const first = await shops.create({ name: 'a' });
    const second = await shops.create({ name: 'b' });
    expect([first.get().id, second.get().id]).to.deep.equal([1, 2]);
    expect(await shops.update({ open: true }, { where: {} })).to.deep.equal([2]);
    expect(await shops.destroy({ where: { name: 'a' } })).to.equal(1);
  });

  it('gives back booleans and Buffers', async () => {
    await shops.create({ name: 'a', open: true, logo: Buffer.from([0, 255, 10]) });
    const found = (await shops.findOne())?.get();
    expect(found?.open).to.equal(true);
    expect(Buffer.isBuffer(found?.logo) && [...found.logo]).to.deep.equal([0, 255, 10]);
  });

  it('names the column of a unique violation', async () => {
    await shops.create({ name: 'a' });
    const error = await failureOf(shops.create({ name: 'a' }));
    expect(error).to.be.instanceOf(UniqueConstraintError);
    expect((error as UniqueConstraintError).errors.map(({ path }) => path)).to.deep.equal(['name']);
  });

  it('enforces foreign keys', async () => {
    expect(await failureOf(shops.create({ name: 'a', owner: 99 }))).to.be.instanceOf(
      ForeignKeyConstraintError,
    );
  });

  it('finds or creates, inserts or updates', async () => {
    const [, created] = await shops.findOrCreate({ where: { name: 'a' } });
    const [, again] = await shops.findOrCreate({ where: { name: 'a' } });
    expect([created, again]).to.deep.equal([true, false]);
    await shops.upsert({ id: 1, name: 'renamed' });
    expect((await shops.findAll()).map((shop) => shop.get().name)).to.deep.equal(['renamed']);
  });

  it('rolls back a transaction, and keeps others from seeing it before', async () => {
    const transaction = await sequelize.transaction();
    await shops.create({ name: 'a' }, { transaction });
    expect([await shops.count(), await shops.count({ transaction })]).to.deep.equal([0, 1]);
    await transaction.rollback();
    expect(await shops.count()).to.equal(0);
  });

  it('describes tables', async () => {
    const columns = await sequelize.getQueryInterface().describeTable('shops');
    expect(Object.keys(columns)).to.deep.equal(['id', 'name', 'open', 'logo', 'owner']);
    expect(columns['id']?.primaryKey).to.equal(true);
  });

  it('refuses a text that SQLite would cut', async () => {
    expect(await failureOf(shops.create({ name: 'a\0b' })))
      .to.have.property('message')
      .that.includes('U+0000');
  });

  it('names an error alike, however the statement is run', async () => {
    const handle = new SqliteHandle(':memory:', { busyTimeoutMs: 50 });
    await handle.exec('CREATE TABLE t (a UNIQUE); INSERT INTO t VALUES (1)');
    const ways = [handle.run, handle.first, handle.select, handle.arrays, handle.exec];
    const codes: (string | undefined)[] = [];
    for (const way of ways) {
      const work: Promise<unknown> = way.call(handle, 'INSERT INTO t VALUES (1)');
      codes.push(await work.then(() => 'done', sqliteCode));
    }
    expect(codes).to.deep.equal(Array(5).fill('SQLITE_CONSTRAINT'));
    expect(sqliteCode(new Error('database is locked'))).to.equal(undefined);
    handle.close();
  });
});
