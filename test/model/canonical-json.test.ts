import { expect } from 'chai';
import { canonicalJson } from '../../engine/model/canonical-json.ts';

describe('the canonical text of JSON', () => {
  for (const [what, texts] of [
    ['order of members and spaces', ['{"b":1,"a":[2, 3]}', ' { "a" : [2,3] , "b" : 1 } ']],
    ['zeros and exponents', ['[1.50,2e3,-0.0,1e-2]', '[1.5,2000,0,0.01]']],
    ['escapes', ['"\\u00e9\\/\\u0041"', '"é/A"']],
    ['a member that is there twice', ['{"a":1,"a":2}', '{"a":2}']],
  ] as const)
    it(`is the same whatever the ${what}`, () => {
      expect(new Set(texts.map(canonicalJson)).size).to.equal(1);
      expect(canonicalJson(texts[0])).to.be.a('string');
    });

  for (const [a, b] of [
    ['null', '"null"'],
    ['1', '"1"'],
    ['[]', '{}'],
    ['[1,2]', '[2,1]'],
    ['[[1],2]', '[[1,2]]'],
    ['9007199254740993', '9007199254740992'],
    ['0.1', '0.10000000000000001'],
    ['{"a":{"b":1},"a.b":2}', '{"a":{"b":2},"a.b":1}'],
    ['"A"', '"a"'],
  ] as const)
    it(`differs for ${a} and ${b}`, () => {
      expect(canonicalJson(a)).not.to.equal(canonicalJson(b));
    });

  it('is in the order of the bytes of names', () => {
    expect(canonicalJson('{"\u{1f600}":1,"\uffff":2,"ab":3,"b":4,"a":5}')).to.equal(
      '{"a":5,"ab":3,"b":4,"\uffff":2,"\u{1f600}":1}',
    );
  });

  it('is made again of itself', () => {
    const text = canonicalJson('{"z":[1.50,{"y":null}],"a":"\\n\\"é"}') ?? '';
    expect(canonicalJson(text)).to.equal(text);
  });

  for (const text of ['', '{', '[1,]', '{"a"}', '{"a":1,}', '1 2', 'nul', '01x', "{'a':1}"])
    it(`is nothing for ${JSON.stringify(text)}`, () => {
      expect(canonicalJson(text)).to.equal(undefined);
    });
});
