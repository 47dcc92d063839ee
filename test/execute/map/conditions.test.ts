import { expect } from 'chai';
import { compileConditions } from '../../../engine/execute/map/conditions.ts';
import { parseExact } from '../../../engine/execute/map/exact-json.ts';
import { knownPath } from '../../../engine/model/path.ts';
import type { ConditionPlan } from '../../../engine/model/plan.ts';

const holds = (op: ConditionPlan['op'], value: ConditionPlan['value'], json: string): boolean => {
  const filter = compileConditions([{ path: knownPath('v'), text: 'v', op, value }]);
  const record = parseExact(json);
  return filter?.(record, record, null) ?? true;
};

describe('conditions', () => {
  const cases: readonly (readonly [
    ConditionPlan['op'],
    ConditionPlan['value'],
    readonly string[],
    readonly string[],
  ])[] = [
    ['eq', 'paid', ['"paid"'], ['"Paid"', 'null', '5', '["paid"]', '{}']],
    ['eq', 5, ['5', '5.0', '"5"', '"5.0"', '50e-1'], ['6', 'true', 'null', '"five"']],
    ['eq', '5', ['5', '"5"'], ['"5.0"', '"05"']],
    [
      'eq',
      '9007199254740993',
      ['9007199254740993', '"9007199254740993"'],
      ['9007199254740992', '9007199254740994'],
    ],
    ['eq', true, ['true', '"true"'], ['false', '1', '"yes"', 'null']],
    ['eq', null, ['null'], ['0', '""', 'false']],
    ['ne', true, ['false', 'null', '"x"'], ['true']],
    ['ne', null, ['0', '""'], ['null']],
    ['in', ['a', 1, null], ['"a"', '1', 'null'], ['"b"', '2']],
    ['notIn', ['a', 1], ['"b"', '2', 'null'], ['"a"', '1']],
    ['gt', 0, ['1', '"12.50"', '1e-300'], ['0', '-1', 'null', '"abc"'.replace('abc', ''), 'true']],
    ['gte', '2026-01-01', ['"2026-01-01"', '"2026-05-01T00:00:00Z"'], ['"2025-12-31"', 'null', '5']],
    ['lt', 10, ['9', '"9.99"', '-10'], ['10', '"10.0"', 'null', '11']],
    ['lte', '9007199254740993', ['9007199254740993', '1'], ['9007199254740994']],
    ['exists', true, ['0', '""', 'false', '[]'], ['null']],
    ['exists', false, ['null'], ['0', '""']],
    ['matches', '^C\\d$', ['"C1"'], ['"c1"', '"C12"', 'null', '{}']],
    ['matches', '^\\d+$', ['123', '"123"'], ['-1']],
  ];
  for (const [op, value, yes, no] of cases) {
    for (const json of yes) {
      it(`hold for ${json} ${op} ${JSON.stringify(value)}`, () => {
        expect(holds(op, value, `{"v":${json}}`)).to.equal(true);
      });
    }
    for (const json of no) {
      it(`do not hold for ${json} ${op} ${JSON.stringify(value)}`, () => {
        expect(holds(op, value, `{"v":${json}}`)).to.equal(false);
      });
    }
  }

  it('treat a missing value as null', () => {
    expect([holds('exists', false, '{}'), holds('eq', null, '{}'), holds('ne', 1, '{}')]).to.deep.equal([
      true,
      true,
      true,
    ]);
    expect([holds('eq', 1, '{}'), holds('gt', 1, '{}'), holds('in', [1], '{}')]).to.deep.equal([
      false,
      false,
      false,
    ]);
  });

  it('must all hold, on element, record and index', () => {
    const filter = compileConditions([
      { path: knownPath('a', true), text: 'a', op: 'eq', value: 1 },
      { path: knownPath('$parent.b', true), text: '$parent.b', op: 'eq', value: 2 },
      { path: knownPath('$index', true), text: '$index', op: 'lt', value: 3 },
    ]);
    expect(filter?.({ a: 1 }, { b: 2 }, 2)).to.equal(true);
    expect(filter?.({ a: 2 }, { b: 2 }, 2)).to.equal(false);
    expect(filter?.({ a: 1 }, { b: 3 }, 2)).to.equal(false);
    expect(filter?.({ a: 1 }, { b: 2 }, 3)).to.equal(false);
  });

  it('leave nothing out because several elements are meant', () => {
    const path = knownPath("tags[key='a'].value");
    const filter = compileConditions([{ path, text: 'tags', op: 'eq', value: 'x' }]);
    const kept = (...values: readonly string[]) => {
      const record = { tags: values.map((value) => ({ key: 'a', value })) };
      return filter?.(record, record, null);
    };
    expect([kept('x'), kept('y'), kept(), kept('y', 'z')]).to.deep.equal([true, false, false, true]);
  });
});
