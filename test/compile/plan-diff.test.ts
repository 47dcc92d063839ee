import { expect } from 'chai';
import { movedNodes, movedText, structureOf } from '../../engine/compile/nodes.ts';
import { planChanges } from '../../engine/compile/plan-diff.ts';
import { isDestructive } from '../../engine/model/ddl.ts';
import type { Plan } from '../../engine/model/plan.ts';
import { changesLines } from '../../engine/report/changes-text.ts';

const plan = (over: object = {}): Plan =>
  ({
    id: 'a'.repeat(64),
    engine: '0.1.0',
    staging: { dialect: 'sqlite', keep: { ageMs: 1 } },
    warehouse: { type: 'duckdb' },
    sources: { shop: { name: 'shop', attemptsMax: 2 } },
    mappings: {
      orders: {
        name: 'orders',
        hash: 'x',
        properties: [
          { name: 'id', type: 'string' },
          { name: 'total', type: 'double' },
        ],
      },
    },
    steps: [
      { kind: 'load', id: 'load orders', mapping: 'orders', statements: [{ name: 'merge', sql: 'M' }] },
    ],
    ...over,
  }) as unknown as Plan;

describe('what differs between two plans', () => {
  it('is nothing where only retention or the patch version of etl is another one', () => {
    const staging = { dialect: 'sqlite', keep: { ageMs: 2 } };
    expect(planChanges(plan(), plan({ staging, engine: '0.1.9' })).nodes).to.deep.equal([]);
  });

  it('names nodes that are new, gone or changed, and what of them where it is short', () => {
    const orders = {
      name: 'orders',
      hash: 'y',
      properties: [
        { name: 'total', type: 'decimal' },
        { name: 'label', type: 'string' },
      ],
    };
    const long = [{ name: 'merge', sql: 'MERGE '.repeat(20) }];
    const now = plan({
      engine: '0.2.0',
      sources: {},
      mappings: { orders, refunds: { name: 'refunds' } },
      steps: [{ kind: 'load', id: 'load orders', mapping: 'orders', statements: long }],
    });
    expect(changesLines(planChanges(plan(), now))).to.deep.equal([
      'Since the plan that was applied last (aaaaaaaaaaaa):',
      '  ~ the version of etl',
      '      it: "0.1" → "0.2"',
      '  - the source shop',
      '  ~ the mapping orders',
      '      properties.id: gone',
      '      properties.total.type: "double" → "decimal"',
      '      properties.label: new',
      '  ~ the load of orders',
      '      merge.sql: changed',
      '  + the mapping refunds',
    ]);
  });

  it('says nothing of what a part of a plan lacks, unless both are whole', () => {
    const part = structureOf(plan({ steps: [], mappings: {} }));
    const whole = structureOf(plan());
    expect(movedNodes(part, whole).map(movedText)).to.deep.equal(['the mapping orders is new']);
    expect(movedNodes(part, whole, true).map(movedText)).to.deep.equal([
      'the mapping orders is new',
      'the load of orders is new',
    ]);
  });

  it('says what a run does besides reading and loading', () => {
    const steps = [
      { kind: 'remap', id: 'remap orders', reason: 'r', mapping: 'orders' },
      { kind: 'define', id: 'define orders', mapping: 'orders', statements: ['CREATE TABLE t ()'] },
      { kind: 'define', id: 'define refunds', mapping: 'refunds', statements: [] },
    ];
    expect(planChanges(undefined, plan({ steps }))).to.deep.include({
      work: ['the step `remap orders`', 'the DDL of orders'],
    });
  });
});

describe('DDL that takes something away', () => {
  const destructive = [
    'DROP TABLE IF EXISTS "main"."orders"',
    'alter table t drop column price',
    'TRUNCATE TABLE t',
    'DELETE FROM t WHERE true',
    'CREATE OR REPLACE TABLE t AS SELECT 1',
  ];
  const harmless = [
    'CREATE TABLE IF NOT EXISTS "main"."orders" (id VARCHAR)',
    'ALTER TABLE t ADD COLUMN price DOUBLE',
    "COMMENT ON TABLE t IS 'DROP TABLE t'",
    'DROP TABLE IF EXISTS "main"."_etl_versions_orders";',
  ];
  for (const statement of destructive)
    it(`is seen: ${statement}`, () => expect(isDestructive(statement)).to.equal(true));
  for (const statement of harmless)
    it(`is not seen in: ${statement}`, () => expect(isDestructive(statement)).to.equal(false));
});
