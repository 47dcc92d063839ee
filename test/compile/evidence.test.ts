import { expect } from 'chai';
import { canonical, sha256 } from '../../engine/compile/canonical.ts';
import {
  evidenceFindings,
  evidenceOf,
  isWholeEvidence,
  structuresOf,
} from '../../engine/compile/evidence.ts';
import type { ParityEvidence, ParityGate } from '../../engine/model/evidence.ts';
import type { ParityReport, TableParity } from '../../engine/model/parity.ts';
import type { MappingPlan, Plan } from '../../engine/model/plan.ts';
import { mapping, property } from '../support/mappings.ts';

const planOf = (...mappings: readonly MappingPlan[]): Plan =>
  ({ mappings: Object.fromEntries(mappings.map((one) => [one.name, one])) }) as unknown as Plan;

const orders = mapping([property('id'), property('total', 'decimal(18,2)')]);
const refunds = mapping([property('id')], { name: 'refunds' });

const table = (verdict: TableParity['verdict'] = 'match', more: Partial<TableParity> = {}): TableParity => ({
  mapping: 'orders',
  left: 'main.orders',
  right: 'main.orders',
  verdict,
  rows: { left: 3, right: 3 },
  schema: [],
  differences: { missing: 0, extra: 0, changed: 0 },
  truncated: false,
  columns: {},
  samples: [],
  known: 0,
  fresh: 0,
  newer: 0,
  checksums: { left: 'c', right: 'c' },
  watermark: '2026-01-01T00:00:00.000000Z',
  excluded: [],
  read: { segments: 2, keys: 0, rows: 0 },
  ...more,
});

const report = (more: Partial<ParityReport> = {}): ParityReport => ({
  environment: 'test',
  against: 'warehouse',
  verdict: 'match',
  plans: { left: 'p', right: 'p' },
  at: '2026-01-01T12:00:00.000Z',
  tables: [table()],
  ...more,
});

const gate = (plan: Plan, newest?: ParityEvidence): ParityGate => ({
  required: { from: 'test', against: 'warehouse', maxAgeMs: 24 * 3_600_000 },
  environment: 'production',
  structures: structuresOf(plan),
  ...(newest && { newest }),
});

const soon = Date.parse('2026-01-02T00:00:00Z');
const found = (bound: ParityEvidence | undefined, plan = planOf(orders), nowMs = soon, newest = bound) =>
  evidenceFindings(gate(plan, newest), bound, nowMs).map(({ code, summary, help }) => [
    code,
    summary,
    help[0],
  ]);

describe('parity evidence', () => {
  const evidence = evidenceOf(report(), planOf(orders));

  it('holds what was compared, up to where, and with which outcome, under its hash', () => {
    expect(evidence.tables).to.deep.equal([
      {
        mapping: 'orders',
        target: 'main.orders',
        verdict: 'match',
        rows: { left: 3, right: 3 },
        structure: structuresOf(planOf(orders))['orders'],
        checksums: { left: 'c', right: 'c' },
        watermark: '2026-01-01T00:00:00.000000Z',
      },
    ]);
    expect(isWholeEvidence(evidence)).to.equal(true);
    expect(isWholeEvidence({ ...evidence, verdict: 'mismatch' })).to.equal(false);
  });

  it('is good for an environment with other tables, and for one that requires none', () => {
    const elsewhere = { ...orders, schema: 'sales', table: 'o', hash: 'other', keyBytesMax: 7 };
    expect(found(evidence, planOf(elsewhere))).to.deep.equal([]);
    expect(evidenceFindings(undefined, undefined, soon)).to.deep.equal([]);
  });

  it('is missing where there is none, or one of other environments', () => {
    expect(found(undefined)[0]?.slice(0, 2)).to.deep.equal([
      'ETL0360',
      'there is no parity evidence of test, which production requires',
    ]);
    const other = evidenceOf(report({ against: 'production' }), planOf(orders));
    expect(found(other)[0]).to.deep.equal([
      'ETL0360',
      'there is no parity evidence of test, which production requires',
      'What there is compares test with production.',
    ]);
  });

  it('grows too old', () => {
    const day = Date.parse('2026-01-02T12:00:00Z');
    expect(found(evidence, planOf(orders), day)).to.deep.equal([]);
    expect(found(evidence, planOf(orders), day + 1).map(([code]) => code)).to.deep.equal(['ETL0361']);
  });

  it('is about mappings as they were, and those that were compared', () => {
    const changed = mapping([property('id'), property('total', 'integer')]);
    expect(found(evidence, planOf(changed, refunds))).to.deep.equal([
      [
        'ETL0362',
        'the parity evidence of test is about other mappings',
        'orders has changed since, refunds was not compared.',
      ],
    ]);
  });

  it('must be a match, or excluded', () => {
    const bad = evidenceOf(report({ verdict: 'mismatch', tables: [table('mismatch')] }), planOf(orders));
    expect(found(bad)).to.deep.equal([
      ['ETL0363', 'the parity evidence of test is no match', 'orders: mismatch.'],
    ]);
    const excluded = evidenceOf(report({ tables: [table('excluded')] }), planOf(orders));
    expect(found(excluded)).to.deep.equal([]);
  });

  it('moves when it was compared again with another outcome, not when that is a match', () => {
    const later = (verdict: ParityReport['verdict']): ParityEvidence =>
      evidenceOf(report({ verdict, at: '2026-01-01T13:00:00.000Z' }), planOf(orders));
    expect(found(evidence, planOf(orders), soon, later('match'))).to.deep.equal([]);
    expect(found(evidence, planOf(orders), soon, later('inconclusive'))[0]?.slice(0, 2)).to.deep.equal([
      'ETL0364',
      'the parity of test has moved since the plan',
    ]);
    const edited = { ...evidence, at: '2026-01-01T23:00:00.000Z' };
    expect(found(edited)[0]?.slice(0, 2)).to.deep.equal([
      'ETL0364',
      'the parity evidence is not as it was written',
    ]);
    const { hash: _, ...proven } = evidence;
    expect(sha256(canonical(proven))).to.equal(evidence.hash);
  });
});
