import { expect } from 'chai';
import { etl, projectFolder } from '../support/cli.ts';
import { crm, env as personsEnv, project, secrets } from '../support/persons.ts';
import { ownSchema, queryPostgres, sharedPostgres } from '../support/postgres.ts';

/** What of the person stands in the tables of a schema. */
async function found(url: string, schema: string): Promise<readonly string[]> {
  const tables = await queryPostgres<{ name: string }>(
    url,
    `SELECT tablename AS name FROM pg_tables WHERE schemaname = '${schema}'`,
  );
  expect(tables.length).to.be.greaterThan(5);
  const texts: string[] = [];
  for (const { name } of tables)
    for (const { line } of await queryPostgres<{ line: string }>(
      url,
      `SELECT CAST(one AS text) AS line FROM "${schema}"."${name}" AS one`,
    ))
      texts.push(line);
  return secrets.filter((secret) => texts.some((text) => text.includes(secret)));
}

describe('a project with PostgreSQL as its warehouse', function () {
  this.timeout(120_000);

  it('is planned, run, shown and audited, and forgets a person', async function () {
    const url = await sharedPostgres(this);
    const schema = ownSchema(url);
    const provider = await crm();
    const environment = `environments: {dev: {warehouse: {type: postgres, url: "\${env:WAREHOUSE_URL}", schema: ${schema}}}}\n`;
    const folder = projectFolder(project(provider.url, environment));
    const env = { ...personsEnv, WAREHOUSE_URL: url };
    const run = async (...args: string[]) => {
      const { code, stdout, stderr } = await etl([...args, '--json', '-p', folder], env);
      expect(stdout + stderr).to.not.include(url);
      return { code, stderr, ...JSON.parse(stdout) };
    };

    const planned = await etl(['plan', '--sql', '-p', folder], env);
    expect(planned.stdout)
      .to.include('sqlite → postgres')
      .and.to.include('COPY pg_temp._etl_lines FROM STDIN');
    expect((await run('run')).code).to.be.oneOf([0, 5]);
    const shown = await run('preview', 'people', '--warehouse');
    expect(shown.result.total).to.equal(5);
    expect(shown.result.columns.slice(0, 3)).to.deep.equal(['_account', 'id', 'name']);
    expect(await found(url, schema)).to.not.deep.equal([]);

    const done = await run('forget', '--subject', '990017', '--yes');
    expect(done.code, done.stderr).to.equal(0);
    expect(done.result.streams.map(({ loaded }: { loaded: number }) => loaded)).to.deep.equal([1, 6]);
    expect(await found(url, schema)).to.deep.equal([]);
    const audited = await run('audit');
    expect([audited.code, audited.result.accounted_percent]).to.deep.equal([0, 100]);
    const again = await run('run');
    expect(again.code).to.be.oneOf([0, 5]);
    expect(again.result.tables.map(({ inserted }: { inserted: number }) => inserted)).to.deep.equal(
      again.result.tables.map(() => 0),
    );
    await provider.close();
  });
});
