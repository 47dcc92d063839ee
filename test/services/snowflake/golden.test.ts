import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Dialect, parse } from '@polyglot-sql/sdk';
import { expect } from 'chai';
import { eraseStatement } from '../../../engine/compile/forget-sql.ts';
import { check, plan, planAudit, warehouseStatements } from '../../../engine/engine.ts';
import type { Plan } from '../../../engine/model/plan.ts';
import type { Project } from '../../../engine/model/project.ts';
import { emptyState, type WarehouseTable } from '../../../engine/model/snapshot.ts';
import { boundStatement } from '../../../engine/services/snowflake-warehouse/bound-statement.ts';
import { projectFolder } from '../../support/cli.ts';
import { root } from '../../support/root.ts';
import { parsed } from '../../support/snowflake/parse-statement.ts';

const types = {
  text: 'string',
  whole: 'integer',
  price: 'decimal(18,2)',
  share: 'double',
  yes: 'boolean',
  day: 'date',
  clock: 'time',
  made: 'timestamp',
  local: 'datetime',
  doc: 'json',
  raw: 'binary',
} as const;

const properties = Object.entries(types)
  .map(([name, type]) => `  ${name}: {from: ${name}, type: "${type}"}\n`)
  .join('');

/** Every way to load: by a key alone, by a cursor, with rows that leave, kept as deleted or removed, with histories, pruned by key and column. */
const mappings: { readonly [name: string]: string } = {
  everything: `from: shop.orders\nload: {key: [id], prune: made}\nproperties:\n  id: {from: id, type: string}\n${properties}`,
  kept: `from: shop.orders\nto: {schema: sales}\nload: {key: [id], strategy: append}\nproperties:\n  id: {from: id, type: string}\n  note: {from: note, type: string}\n`,
  history: `from: shop.flagged\neach: lines\nto: {schema: sales}\nload: {key: [order, sku], strategy: scd2, children: replace}\nproperties:\n  order: {from: $parent.id, type: integer}\n  sku: {from: sku, type: string}\n  doc: {from: doc, type: json}\n`,
  seen: `from: shop.notes\nto: {schema: sales}\nload: {key: [id], strategy: scd2}\nproperties:\n  id: {from: id, type: integer}\n  note: {from: note, type: string}\n`,
  plain: `from: shop.notes\nto: {schema: sales}\nload: {key: [id]}\nproperties:\n  id: {from: id, type: integer}\n  note: {from: note, type: string}\n`,
  marked: `from: shop.flagged\nto: {schema: sales, table: Select}\nload: {key: [id], deletes: soft}\nproperties:\n  id: {from: id, type: string}\n  note: {from: note, type: string}\n`,
  lines: `from: shop.flagged\neach: lines\nload: {key: [order, sku], children: replace}\nproperties:\n  order: {from: $parent.id, type: integer}\n  sku: {from: sku, type: string}\n  raw: {from: raw, type: binary}\n`,
};

const cursor = 'cursor: {field: at, from: {query: since}}';

async function compiled(tables: readonly WarehouseTable[] = []): Promise<{ project: Project; plan: Plan }> {
  const folder = projectFolder({
    'etl.yml':
      'kind: project\nname: demo\nenvironments:\n  dev:\n    warehouse: {type: snowflake, account: A, user: U, database: D, password: "${env:P}", schema: analytics}\n',
    'sources/shop.yml': `kind: source\nname: shop\nbaseUrl: https://api.example\nstreams:\n  orders: {request: {path: /o}, primaryKey: [id], ${cursor}}\n  notes: {request: {path: /n}, primaryKey: [id]}\n  flagged: {request: {path: /f}, primaryKey: [id], ${cursor}, deletes: [{by: flag, where: {gone: true}}]}\n`,
    ...Object.fromEntries(
      Object.entries(mappings).map(([name, text]) => [
        `mappings/${name}.yml`,
        `kind: mapping\nname: ${name}\n${text}`,
      ]),
    ),
  });
  const checked = await check(folder, root);
  if (checked.project === undefined) throw new Error(JSON.stringify(checked.diagnostics));
  const made = plan(checked, checked.project, '0', { ...emptyState, tables });
  if (made.plan === undefined) throw new Error(JSON.stringify(made.diagnostics));
  return { project: checked.project, plan: made.plan };
}

type Named = readonly (readonly [name: string, sql: string])[];

/** Every statement that is emitted for a project, by file. */
async function emitted(): Promise<ReadonlyMap<string, Named>> {
  const { project, plan: whole } = await compiled();
  const { tables, units, lastLoads } = warehouseStatements(project);
  const files = new Map<string, Named>([
    [
      'questions',
      [
        ['tables', tables],
        ['units', units],
        ['last-loads', lastLoads],
      ],
    ],
  ]);
  for (const mapping of Object.values(whole.mappings)) {
    const steps = whole.steps.filter((step) => 'mapping' in step && step.mapping === mapping.name);
    files.set(
      mapping.name,
      steps.flatMap((step): Named => {
        if (step.kind === 'define') return step.statements.map((sql) => ['define', sql] as const);
        return step.kind === 'load' ? step.statements.map(({ name, sql }) => [name, sql] as const) : [];
      }),
    );
    const audit = planAudit(project, whole).statements[mapping.name] ?? [];
    const erase = eraseStatement(project, mapping, mapping.key, [['default', 'a', 'b']]);
    files.set(`${mapping.name}-questions`, [
      ...audit.map(({ name, sql }) => [name, sql] as const),
      ['forget', erase.sql],
    ]);
  }
  files.set('alter', await altered());
  return files;
}

/** A table that lacks columns, one that a new deletion needs among them. */
async function altered(): Promise<Named> {
  const columns = [{ name: 'ID', type: 'VARCHAR' }];
  const { plan: whole } = await compiled([{ schema: 'SALES', table: 'SELECT', columns }]);
  return whole.steps.flatMap((step) =>
    step.kind === 'define' && step.mapping === 'marked'
      ? step.statements.map((sql) => ['alter', sql] as const)
      : [],
  );
}

/** As it is sent: `$name` bound, `$path` and `$file` filled in. */
function sent(sql: string): string {
  const names = [...sql.matchAll(/\$([a-z]\w*)/g)].map(([, name = '']) => name);
  const values = Object.fromEntries(names.map((name) => [name, /^k\d+$/.test(name) ? ['a', 'b'] : 'a']));
  const placed = sql.replaceAll('$path', 'dev/r1/unit').replaceAll('$file', '/tmp/part-00001.csv.gz');
  return boundStatement(placed, values).sql;
}

describe('the statements sent to Snowflake', function () {
  this.timeout(60_000);
  let files: ReadonlyMap<string, Named>;

  before(async () => {
    files = await emitted();
  });

  it('are those of the golden files', () => {
    for (const [name, statements] of files) {
      const text = statements.map(([step, sql]) => `-- ${step}\n${sql};\n`).join('\n');
      const path = join(root, 'test/golden/snowflake', `${name}.sql`);
      if (process.env['GOLDEN'] === 'write') {
        mkdirSync(dirname(path), { recursive: true });
        writeFileSync(path, text);
      }
      expect(text, name).to.equal(readFileSync(path, 'utf8'));
    }
  });

  it('are of the closed grammar of the stand-in', () => {
    for (const [name, statements] of files)
      for (const [step, sql] of statements) expect(() => parsed(sent(sql)), `${name} ${step}`).not.to.throw();
  });

  it('are read by a parser of Snowflake’s SQL', () => {
    for (const [name, statements] of files)
      for (const [step, sql] of statements) {
        const { success, error } = parse(sent(sql), Dialect.Snowflake);
        expect(success, `${name} ${step}: ${error}\n${sent(sql)}`).to.equal(true);
      }
  });

  it('make nothing between BEGIN and COMMIT, since a CREATE would commit', () => {
    const outside = ['define', 'open', 'copy', 'clean', 'alter'];
    const makes = /^(?:--[^\n]*\n)*\s*(?:CREATE|ALTER|DROP|TRUNCATE)/;
    const loads = [...files].filter(([name]) => !name.endsWith('questions'));
    const found = loads.flatMap(([name, statements]) =>
      statements
        .filter(([step, sql]) => !outside.includes(step) && makes.test(sql))
        .map(([step]) => `${name} ${step}`),
    );
    expect(found).to.deep.equal([]);
  });
});
