import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { check, plan } from '../../engine/engine.ts';
import type { LoadStep, Plan } from '../../engine/model/plan.ts';
import { emptyState } from '../../engine/model/snapshot.ts';
import { planText } from '../../engine/report/plan-text.ts';
import { projectFolder } from '../support/cli.ts';
import { root, text } from '../support/root.ts';

/** A project with two mappings, and these templates of its own. */
const compile = async (templates: { readonly [file: string]: string }) => {
  const mapping = (name: string): string =>
    `kind: mapping\nname: ${name}\nfrom: shop.orders\nload: {key: [id]}\nproperties:\n  id: {from: id, type: string}\n`;
  const folder = projectFolder({
    'etl.yml': 'kind: project\nname: demo\n',
    'sources/shop.yml':
      'kind: source\nname: shop\nbaseUrl: https://api.example\nstreams:\n  orders: {request: {path: /o}, primaryKey: [id]}\n',
    'mappings/one.yml': mapping('one'),
    'mappings/two.yml': mapping('two'),
  });
  for (const [file, content] of Object.entries(templates)) {
    const path = join(folder, 'templates', file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
  }
  const checked = await check(folder, root);
  const made =
    checked.project === undefined
      ? { diagnostics: checked.diagnostics }
      : plan(checked, checked.project, '0.0.0', emptyState);
  return { plan: made.plan as Plan, diagnostics: made.diagnostics };
};

const mergeOf = ({ steps }: Plan, mapping: string): string =>
  steps
    .find((step): step is LoadStep => step.kind === 'load' && step.mapping === mapping)
    ?.statements.find(({ name }) => name === 'merge')?.sql ?? '';

const merge = text('templates/duckdb/merge.sql.hbs');

describe('templates of a project', () => {
  it('take the place of the package’s for all mappings, and of both for one', async () => {
    const plain = await compile({});
    const shared = await compile({ 'duckdb/merge.sql.hbs': `-- ours\n${merge}` });
    const single = await compile({
      'duckdb/merge.sql.hbs': `-- ours\n${merge}`,
      'duckdb/two/merge.sql.hbs': `-- of two\n${merge}`,
    });
    expect(mergeOf(shared.plan, 'one')).to.equal(`-- ours\n${mergeOf(plain.plan, 'one')}`);
    expect(mergeOf(shared.plan, 'two')).to.match(/^-- ours/);
    expect(mergeOf(single.plan, 'one')).to.match(/^-- ours/);
    expect(mergeOf(single.plan, 'two')).to.match(/^-- of two/);
    expect(new Set([plain.plan.id, shared.plan.id, single.plan.id]).size).to.equal(3);
  });

  it('also decide about rows that the table has not: those of the package are inserted without a merge', async () => {
    const names = ({ steps }: Plan, mapping: string): readonly string[] =>
      steps
        .filter((step) => step.kind === 'load' && step.mapping === mapping)
        .flatMap((step) => (step as LoadStep).statements.map(({ name }) => name));
    const { plan: made } = await compile({ 'duckdb/two/merge.sql.hbs': `-- of two\n${merge}` });
    expect(names(made, 'one')).to.include.members(['matched', 'insert', 'merge']);
    expect(names(made, 'two')).to.include('merge');
    expect(names(made, 'two')).not.to.include('matched');
    expect(names(made, 'two')).not.to.include('insert');
  });

  it('are named in the plan, with and without its SQL', async () => {
    const { plan: made } = await compile({ 'duckdb/two/merge.sql.hbs': `-- of two\n${merge}` });
    expect(planText(made, false)).to.contain(
      'the project’s own template: merge (templates/duckdb/two/merge.sql.hbs)',
    );
    expect(planText(made, true)).to.match(/-- merge \(templates\/duckdb\/two\/merge.sql.hbs\)\n +-- of two/);
    expect(planText(made, true)).to.match(/-- merge\n +MERGE/);
  });

  it('may be parts of others', async () => {
    const { plan: made } = await compile({ 'duckdb/older.sql.hbs': 'false /* never older */' });
    expect(mergeOf(made, 'one')).to.contain('false /* never older */');
    expect(planText(made, false)).to.contain('template: merge (templates/duckdb/older.sql.hbs)');
  });

  it('are refused under a name that no template has, with the one that was meant', async () => {
    const { diagnostics } = await compile({
      'duckdb/merg.sql.hbs': 'x',
      'duckdb/tow/merge.sql.hbs': 'x',
      'duckdb/merge.sql': 'x',
      'other/notes.txt': 'x',
    });
    expect(diagnostics.map(({ code, label, place }) => [code, place?.file, label])).to.deep.equal([
      ['ETL0257', 'templates/duckdb/merg.sql.hbs', 'did you mean `merge`?'],
      ['ETL0257', 'templates/duckdb/merge.sql', 'did you mean `merge`?'],
      ['ETL0257', 'templates/duckdb/tow/merge.sql.hbs', 'did you mean `two`?'],
    ]);
  });

  it('are refused where they are no Handlebars, with file and line', async () => {
    const { diagnostics } = await compile({ 'duckdb/merge.sql.hbs': 'SELECT\n{{#each key}}\n{{/if}}\n' });
    expect(diagnostics.map(({ code, place }) => [code, place?.file, place?.line])).to.deep.equal([
      ['ETL0309', 'templates/duckdb/merge.sql.hbs', 2],
    ]);
  });

  it('are refused where they use what there is not', async () => {
    const { diagnostics } = await compile({ 'duckdb/merge.sql.hbs': 'SELECT {{nothing}}' });
    expect(diagnostics.map(({ code, place }) => [code, place?.file])).to.deep.equal([
      ['ETL0310', 'templates/duckdb/merge.sql.hbs'],
    ]);
  });
});
