import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { etl, projectFolder, tableOf } from '../support/cli.ts';
import { ownDatabase, queryMysql, sharedMysql } from '../support/mysql.ts';
import { ownSchema, queryPostgres, sharedPostgres } from '../support/postgres.ts';
import { tcpProxy } from '../support/tcp-proxy.ts';

/** A database that is read. */
interface Database {
  readonly connector: 'postgres' | 'mysql';
  /** Without who signs in. */
  readonly url: string;
  readonly auth: string;
  readonly password: string;
  /** What stands before the name of a table in `path`. */
  readonly prefix: string;
  run(sql: string): Promise<unknown>;
}

/** Where the server trusts everybody on this machine, no matter which. */
const passwordOf = (url: string): string => new URL(url).password || 'not looked at';
const basic = (username: string): string =>
  `{type: basic, username: ${username}, password: "\${env:TEST_PASSWORD}"}`;
const reader = { name: 'sluice_reader', password: 'of the tests' };

const bare = (url: string): string => {
  const plain = new URL(url);
  plain.username = '';
  plain.password = '';
  return plain.href;
};

async function postgres(test: Mocha.Context): Promise<Database> {
  const url = await sharedPostgres(test);
  const schema = ownSchema(url);
  await queryPostgres(url, `CREATE SCHEMA "${schema}"`);
  return {
    ...{
      connector: 'postgres',
      url: bare(url),
      auth: basic(new URL(url).username || 'postgres'),
      password: passwordOf(url),
      prefix: `${schema}.`,
    },
    run: (sql) => queryPostgres(url, `SET search_path = "${schema}"; ${sql}`),
  };
}

async function mysql(test: Mocha.Context): Promise<Database> {
  const url = await sharedMysql(test);
  const database = await ownDatabase(url);
  await queryMysql(
    url,
    `CREATE USER IF NOT EXISTS '${reader.name}'@'%' IDENTIFIED BY '${reader.password}'; GRANT SELECT ON \`${database}\`.* TO '${reader.name}'@'%'`,
  );
  const own = new URL(url);
  own.pathname = `/${database}`;
  return {
    ...{
      connector: 'mysql',
      url: bare(own.href),
      auth: basic(reader.name),
      password: reader.password,
      prefix: '',
    },
    run: (sql) => queryMysql(own.href, sql),
  };
}

const project = (
  { connector, url, auth, prefix }: Database,
  more: {
    readonly stream?: string;
    readonly properties?: string;
    readonly at?: string;
    readonly path?: string;
    readonly load?: string;
  } = {},
): string =>
  projectFolder({
    'etl.yml': 'kind: project\nname: demo\n',
    'sources/erp.yml': `kind: source\nname: erp\nconnector: ${connector}\nbaseUrl: ${more.at ?? url}\nauth: ${auth}\nattempts: 2\nstreams:\n  orders:\n    request: {path: /${prefix}${more.path ?? 'orders'}}\n    primaryKey: [id]\n    pageRows: 2\n${more.stream ?? '    cursor: {field: updated, type: timestamp}\n'}`,
    'mappings/orders.yml': `kind: mapping\nname: orders\nfrom: erp.orders\nto: {schema: main}\nload: {key: [id]${more.load ?? ''}}\nproperties:\n  id: {from: id, type: string}\n${more.properties ?? '  price: {from: price, type: "decimal(18,2)"}\n'}`,
  });

interface Told {
  readonly code: number | null;
  readonly text: string;
  readonly codes: readonly string[];
  readonly received: number;
}

async function told(database: Database, folder: string): Promise<Told> {
  const { code, stdout, stderr } = await etl(['run', '--json', '-p', folder], {
    TEST_PASSWORD: database.password,
  });
  const { diagnostics = [], result } = JSON.parse(stdout || stderr) as {
    diagnostics?: { code: string }[];
    result?: { streams?: { received: number }[] };
  };
  const codes = diagnostics.map((one) => one.code);
  return { code, text: stdout + stderr, codes, received: result?.streams?.[0]?.received ?? 0 };
}

const rows = async (folder: string) =>
  (await tableOf(folder, 'orders')).map((row) => `${row['id']} ${row['price']}`).sort();

const good = { code: 0, codes: [] as string[] };

function contract(name: string, open: (test: Mocha.Context) => Promise<Database>, instant: string): void {
  describe(`tables of ${name}`, function () {
    this.timeout(120_000);
    let database: Database;

    before(async function () {
      database = await open(this);
    });

    beforeEach(async () => {
      await database.run(
        `DROP TABLE IF EXISTS orders; CREATE TABLE orders (id varchar(20) NOT NULL PRIMARY KEY, price decimal(18,2), updated ${instant} NOT NULL)`,
      );
    });

    const insert = (...values: string[]): Promise<unknown> =>
      database.run(`INSERT INTO orders VALUES ${values.map((one) => `(${one})`).join(', ')}`);

    it('are read in pages behind each other, then what has changed', async () => {
      await insert(
        "'b', 1, '2026-01-01 10:00:00'",
        "'a', 2, '2026-01-01 10:00:00'",
        "'d', 3, '2026-01-01 10:00:00.123456'",
        "'c', 4, '2026-01-01 10:00:00.123456'",
        "'e', 5, '2026-01-02 10:00:00'",
      );
      const folder = project(database);
      const found = await told(database, folder);
      expect(found, found.text).to.deep.include({ ...good, received: 5 });
      expect(await rows(folder)).to.deep.equal(['a 2.00', 'b 1.00', 'c 4.00', 'd 3.00', 'e 5.00']);
      await database.run("UPDATE orders SET price = 1.5, updated = '2026-01-03 10:00:00' WHERE id = 'b'");
      expect(await told(database, folder)).to.deep.include({ ...good, received: 2 });
      expect((await rows(folder))[1]).to.equal('b 1.50');
    });

    it('may be without a cursor, and a query', async () => {
      await insert(...[1, 2, 3, 4, 5].map((id) => `'${id}', ${id}, '2026-01-01 10:00:00'`));
      const sql = `SELECT id, price * 2 AS price, '?' AS mark FROM ${database.prefix}orders WHERE id <> '4'`;
      const folder = project(database, { stream: '', path: `orders, sql: "${sql}"` });
      const found = await told(database, folder);
      expect(found, found.text).to.deep.include({ ...good, received: 4 });
      expect(await rows(folder)).to.deep.equal(['1 2.00', '2 4.00', '3 6.00', '5 10.00']);
    });

    it('lose no row without a cursor: that is named', async () => {
      await database.run(
        `ALTER TABLE orders ${database.connector === 'mysql' ? `MODIFY updated ${instant} NULL` : 'ALTER updated DROP NOT NULL'}`,
      );
      await insert("'a', 1, '2026-01-01 10:00:00'", "'b', 2, NULL");
      expect((await told(database, project(database))).codes).to.deep.equal(['ETL0493']);
    });

    it('that are not there, columns that are not there, statements that cannot be done', async () => {
      expect((await told(database, project(database, { path: 'nothing' }))).codes).to.deep.equal(['ETL0492']);
      const column = await told(
        database,
        project(database, { stream: '    cursor: {field: changed, type: timestamp}\n' }),
      );
      expect(column.codes).to.deep.equal(['ETL0492']);
      expect(column.text).to.contain('has no column changed');
      const broken = await told(database, project(database, { path: 'x, sql: "SELECT FROM WHERE"' }));
      expect(broken.codes).to.deep.equal(['ETL0496']);
      const writing = await told(database, project(database, { path: 'x, sql: "DELETE FROM orders"' }));
      expect(writing.codes).to.deep.equal(['ETL0496']);
    });

    it('of a server that refuses, or is not there', async () => {
      const refused = project({
        ...database,
        auth: basic('nobody_known'),
        password: 'x',
      });
      const found = await told(database, refused);
      expect(found.codes, found.text).to.deep.equal(['ETL0491']);
      const gone = new URL(database.url);
      gone.port = '1';
      expect((await told(database, project(database, { at: gone.href }))).codes).to.deep.equal(['ETL0490']);
      const inside = new URL(database.url);
      inside.username = 'somebody';
      expect((await told(database, project(database, { at: inside.href }))).codes).to.deep.equal(['ETL0497']);
    });

    it('go on where the server was gone in the middle', async () => {
      await insert(...[1, 2, 3, 4, 5, 6, 7].map((id) => `'${id}', ${id}, '2026-01-0${id} 10:00:00'`));
      const { port } = new URL(database.url);
      const proxy = await tcpProxy(Number(port || (database.connector === 'mysql' ? 3306 : 5432)));
      const at = new URL(database.url);
      at.hostname = '127.0.0.1';
      at.port = String(proxy.port);
      const folder = project(database, {
        at: at.href,
        stream: '    cursor: {field: updated, type: timestamp}\n    pagesMax: 2\n',
      });
      expect((await told(database, folder)).codes).to.deep.equal(['ETL0406']);
      await proxy.cut();
      const source = join(folder, 'sources/erp.yml');
      writeFileSync(source, readFileSync(source, 'utf8').replace('    pagesMax: 2\n', ''));
      expect((await told(database, folder)).codes).to.deep.equal(['ETL0490']);
      await proxy.mend();
      const found = await told(database, folder);
      await proxy.close();
      expect(found, found.text).to.deep.include({ ...good, received: 5 });
      expect(await rows(folder)).to.have.length(7);
    });

    it('that lost rows lose them in the warehouse, too, by a sweep', async () => {
      await insert(...[1, 2, 3].map((id) => `'${id}', ${id}, '2026-01-01 10:00:00'`));
      const stream =
        '    cursor: {field: updated, type: timestamp}\n    deletes: [{by: sweep, every: 1ms, threshold: 90%}]\n';
      const folder = project(database, { stream, load: ', deletes: hard' });
      const found = await told(database, folder);
      expect(found, found.text).to.deep.include(good);
      await database.run("DELETE FROM orders WHERE id = '2'");
      await told(database, folder);
      await told(database, folder);
      expect(await rows(folder)).to.deep.equal(['1 1.00', '3 3.00']);
    });

    it('that get a row late, with an earlier time, have it found by the lookback', async () => {
      await insert("'1', 1, '2026-01-01 10:00:00'", "'2', 2, '2026-01-01 10:05:00'");
      const folder = project(database, {
        stream: '    cursor: {field: updated, type: timestamp, lookback: 1m}\n',
      });
      expect(await told(database, folder)).to.deep.include(good);
      await insert("'3', 3, '2026-01-01 10:04:30'");
      expect(await told(database, folder)).to.deep.include({ ...good, received: 2 });
      expect(await rows(folder)).to.deep.equal(['1 1.00', '2 2.00', '3 3.00']);
    });

    it('a cursor without a zone is no instant; it is compared as it stands', async () => {
      await database.run(
        `DROP TABLE orders; CREATE TABLE orders (id int NOT NULL PRIMARY KEY, price int, updated ${database.connector === 'mysql' ? 'datetime(6)' : 'timestamp'} NOT NULL)`,
      );
      await insert(
        "1, 1, '2026-01-01 10:00:00'",
        "2, 2, '2026-01-01 10:00:00.5'",
        "10, 3, '2026-01-01 10:00:00.45'",
      );
      expect((await told(database, project(database))).codes).to.deep.equal(['ETL0495']);
      const folder = project(database, { stream: '    cursor: {field: updated, type: string}\n' });
      expect(await told(database, folder)).to.deep.include({ ...good, received: 3 });
      await insert("3, 4, '2026-01-01 10:00:00.6'");
      expect(await told(database, folder)).to.deep.include({ ...good, received: 2 });
    });

    it('a key beyond a double keeps its order and its digits', async () => {
      await database.run(
        'DROP TABLE orders; CREATE TABLE orders (id bigint NOT NULL PRIMARY KEY, price numeric(38,10))',
      );
      await database.run(
        `INSERT INTO orders VALUES ${[1, 2, 3, 4, 5].map((n) => `(900719925474099${n}, 1234567890123456.1${n})`).join(', ')}`,
      );
      const folder = project(database, { stream: '' });
      const found = await told(database, folder);
      expect(found, found.text).to.deep.include({ ...good, received: 5 });
      expect((await rows(folder))[2]).to.equal('9007199254740993 1234567890123456.13');
    });
  });
}

/** Five values for a key, in the way that a database writes them. */
const keys: readonly {
  readonly open: (test: Mocha.Context) => Promise<Database>;
  readonly type: string;
  readonly values: readonly string[];
}[] = [
  { open: postgres, type: 'char(4)', values: ["'a1'", "'a2'", "'a3'", "'b'", "'c'"] },
  { open: postgres, type: 'bit(4)', values: ["B'0001'", "B'0010'", "B'0011'", "B'0100'", "B'1100'"] },
  {
    open: postgres,
    type: 'uuid',
    values: [1, 2, 3, 4, 5].map((n) => `'00000000-0000-0000-0000-00000000000${n}'`),
  },
  { open: postgres, type: 'bytea', values: ["'\\x00'", "'\\x0a'", "'\\xaa'", "'\\xab'", "'\\xff'"] },
  { open: mysql, type: "enum('z', 'a', 'm', 'b', 'y')", values: ["'a'", "'b'", "'m'", "'y'", "'z'"] },
  { open: mysql, type: 'binary(2)', values: ["x'0001'", "x'00ff'", "x'ff00'", "x'ff01'", "x'ffff'"] },
  { open: mysql, type: 'bit(8)', values: ['1', '2', '3', '12', '200'] },
  {
    open: mysql,
    type: 'time',
    values: ["'-10:00:00'", "'09:00:00'", "'10:00:00'", "'99:00:00'", "'100:00:00'"],
  },
];

describe('the key of a table', function () {
  this.timeout(120_000);

  for (const { open, type, values } of keys) {
    it(`of type ${type} of ${open.name} leads through all pages, each row once`, async function () {
      const database = await open(this);
      const rowsOf = values.map((value, at) => `(1, ${value}, ${at})`).join(', ');
      await database.run(
        `CREATE TABLE orders (shop int NOT NULL, id ${type} NOT NULL, price int, PRIMARY KEY (shop, id)); INSERT INTO orders VALUES ${rowsOf}`,
      );
      const folder = project(database, { stream: '    pagesMax: 4\n' });
      const sources = join(folder, 'sources/erp.yml');
      writeFileSync(
        sources,
        readFileSync(sources, 'utf8').replace('primaryKey: [id]', 'primaryKey: [shop, id]'),
      );
      const found = await told(database, folder);
      expect(found, found.text).to.deep.include({ ...good, received: 5 });
      expect((await tableOf(folder, 'orders')).map((row) => Number(row['price'])).sort()).to.deep.equal([
        0, 1, 2, 3, 4,
      ]);
    });
  }

  it('is no instant where it is a day, and a cursor: how it is compared is said', async function () {
    for (const open of [postgres, mysql]) {
      const database = await open(this);
      await database.run(
        "CREATE TABLE orders (id int PRIMARY KEY, price int, updated date NOT NULL); INSERT INTO orders VALUES (1, 1, '2026-01-01')",
      );
      const found = await told(database, project(database));
      expect(found.codes, found.text).to.deep.equal(['ETL0495']);
    }
  });
});

contract('PostgreSQL', postgres, 'timestamptz');
contract('MySQL or MariaDB', mysql, 'timestamp(6)');

describe('values of tables', function () {
  this.timeout(120_000);

  const values = async (folder: string) => {
    const [row = {}] = await tableOf(folder, 'orders');
    const { id: _, ...rest } = row;
    return rest;
  };

  it('of PostgreSQL are exact', async function () {
    const database = await postgres(this);
    await database.run(
      `CREATE TABLE orders AS SELECT 'a'::text AS id, 12345678901234567890.123456789::numeric AS n, 'NaN'::numeric AS nan, 0.1::float8 AS f, true AS b,
        '{"k": 1.10,
 "z": 12345678901234567890}'::json AS j, '\\xdeadbeef'::bytea AS y, ARRAY[9007199254740993, NULL]::bigint[] AS a,
        TIMESTAMPTZ '2026-01-01 10:00:00.123456+02' AS tz, DATE '2026-01-02' AS d, E'x\\ny"'::text AS t`,
    );
    const names = ['n', 'nan', 'f', 'b', 'j', 'y', 'a', 'tz', 'd', 't'];
    const types: Record<string, string> = {
      n: 'decimal(38,9)',
      j: 'json',
      a: 'json',
      b: 'boolean',
      f: 'double',
    };
    const properties = names
      .map((name) => `  ${name}: {from: ${name}, type: "${types[name] ?? 'string'}"}\n`)
      .join('');
    const folder = project(database, { stream: '', properties });
    const found = await told(database, folder);
    expect(found, found.text).to.deep.include(good);
    expect(await values(folder)).to.deep.equal({
      n: '12345678901234567890.123456789',
      nan: 'NaN',
      f: '0.1',
      b: 'true',
      j: '{"k":1.1,"z":12345678901234567890}',
      y: '3q2+7w==',
      a: '[9007199254740993,null]',
      tz: '2026-01-01T08:00:00.123456Z',
      d: '2026-01-02',
      t: 'x\ny"',
    });
  });

  it('of MySQL or MariaDB are exact', async function () {
    const database = await mysql(this);
    await database.run(
      `CREATE TABLE orders (id varchar(5) PRIMARY KEY, n decimal(38,9), u bigint unsigned, f float, g double, b bit(8), y varbinary(9), ts timestamp(6) NULL, dt datetime(3), d date, t text) CHARACTER SET utf8mb4;
       INSERT INTO orders VALUES ('a', 12345678901234567890.123456789, 18446744073709551615, 16777215, 0.1, b'101', x'deadbeef', NULL, '2026-01-01 10:00:00.125', '2026-01-02', 'x\\ny" é €');
       SET time_zone = '+02:00'; UPDATE orders SET ts = '2026-01-01 10:00:00.123456'`,
    );
    const names = ['n', 'u', 'f', 'g', 'b', 'y', 'ts', 'dt', 'd', 't'];
    const types: Record<string, string> = {
      n: 'decimal(38,9)',
      u: 'decimal(20,0)',
      f: 'double',
      g: 'double',
      b: 'integer',
    };
    const properties = names
      .map((name) => `  ${name}: {from: ${name}, type: "${types[name] ?? 'string'}"}\n`)
      .join('');
    const folder = project(database, { stream: '', properties });
    const found = await told(database, folder);
    expect(found, found.text).to.deep.include(good);
    expect(await values(folder)).to.deep.equal({
      n: '12345678901234567890.123456789',
      u: '18446744073709551615',
      f: '16777215.0',
      g: '0.1',
      b: '5',
      y: '3q2+7w==',
      ts: '2026-01-01T08:00:00.123456Z',
      dt: '2026-01-01T10:00:00.125',
      d: '2026-01-02',
      t: 'x\ny" é €',
    });
  });
});
