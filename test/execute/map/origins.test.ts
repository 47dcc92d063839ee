import { expect } from 'chai';
import { parseExact } from '../../../engine/execute/map/exact-json.ts';
import { compileExpression } from '../../../engine/execute/map/expressions.ts';
import { Invalid } from '../../../engine/execute/map/invalid.ts';
import { compileTemplate } from '../../../engine/execute/map/templates.ts';

const record = parseExact(
  '{"id":9007199254740993,"name":"A & B","tags":["x","y"],"none":null,"lines":[{"sku":"S1","qty":2},{"sku":"S2","qty":3}]}',
);
const element = { sku: 'S1', qty: 2, tag: '<b>' };

describe('templates', () => {
  const cases = [
    { template: '{{name}} #{{id}}', expected: 'A & B #9007199254740993' },
    { template: '{{none}}{{missing}}{{missing.deep}}', expected: '' },
    { template: '{{#each lines}}{{sku}}×{{qty}} {{/each}}', expected: 'S1×2 S2×3 ' },
    { template: '{{#if none}}a{{else}}b{{/if}}', expected: 'b' },
    { template: '{{constructor}}{{__proto__}}{{toString}}{{id.text}}{{tags.length}}', expected: '2' },
    { template: '{{lookup this "constructor"}}', expected: '' },
    { template: 'fixed', expected: 'fixed' },
  ];
  for (const { template, expected } of cases) {
    it(`print ${JSON.stringify(expected)} for ${template}`, () => {
      expect(compileTemplate(template)(record, record, null)).to.equal(expected);
    });
  }

  it('see the element, its parent and its index in each', () => {
    const render = compileTemplate('{{sku}}{{tag}} of {{parent.name}} at {{index}}');
    expect(render(element, record, 3)).to.equal('S1<b> of A & B at 3');
    expect(compileTemplate('{{value}}-{{index}}')('plain', record, 0)).to.equal('plain-0');
  });

  it('give a reason instead of a value when they fail', () => {
    for (const template of ['{{nothing name}}', '{{log name}}']) {
      const failed = compileTemplate(template)(record, record, null);
      expect(failed).to.be.instanceOf(Invalid).with.property('code', 'ETL0525');
    }
  });
});

describe('expressions', () => {
  const evaluate = (expr: string): Promise<unknown> => compileExpression(expr)(record, record, null);

  const cases: readonly (readonly [string, unknown])[] = [
    ['$sum(lines.qty)', 5],
    ['name & "!"', 'A & B!'],
    ['lines.sku', ['S1', 'S2']],
    ['lines[0]', { sku: 'S1', qty: 2 }],
    ['id', 9007199254740992],
    ['missing', undefined],
    ['none', null],
    ['$parent.name', 'A & B'],
    ['$index', undefined],
    ['{"a": lines.qty}', { a: [2, 3] }],
    ['$count(lines) > 1', true],
  ];
  for (const [expr, expected] of cases) {
    it(`give ${JSON.stringify(expected)} for ${expr}`, async () => {
      expect(await evaluate(expr)).to.deep.equal(expected);
    });
  }

  it('give plain arrays, without the marks of JSONata', async () => {
    const result = (await evaluate('lines.sku')) as unknown[];
    expect(Object.getOwnPropertyNames(result)).to.deep.equal(['0', '1', 'length']);
  });

  it('see the element, its parent and its index in each', async () => {
    const evaluated = await compileExpression('sku & $parent.name & $index')(element, record, 3);
    expect(evaluated).to.equal('S1A & B3');
  });

  for (const [expr, reason] of [
    ['$number("abc")', 'Unable to cast'],
    ['name + 1', 'must evaluate to a number'],
    ['$sum', 'is a function'],
    ['function($x){$x}', 'is a function'],
    ['{"f": $sum}', 'is a function'],
    ['$error("no")', 'no'],
    ['($f := function($n){$f($n + 1) + 1}; $f(0))', 'failed'],
  ] as const) {
    it(`give a reason instead of a value for ${expr}`, async () => {
      const failed = await evaluate(expr);
      expect(failed).to.be.instanceOf(Invalid).with.property('code', 'ETL0525');
      expect((failed as Invalid).reason).to.contain(reason);
    });
  }

  it('end after a second when they would run for ever', async () => {
    const started = performance.now();
    const failed = await evaluate('($f := function(){$f()}; $f())');
    expect((failed as Invalid).reason).to.contain('timeout');
    expect(performance.now() - started).to.be.lessThan(10_000);
  });
});
