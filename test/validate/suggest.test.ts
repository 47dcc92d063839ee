import { expect } from 'chai';
import { listText, nearest } from '../../engine/validate/suggest.ts';

describe('suggestions', () => {
  const cases: readonly (readonly [string, readonly string[], string | undefined])[] = [
    ['bearr', ['basic', 'bearer'], 'bearer'],
    ['form', ['from', 'format'], 'from'],
    ['primary_key', ['primaryKey', 'path'], 'primaryKey'],
    ['BaseURL', ['baseUrl'], 'baseUrl'],
    ['nonsense', ['records', 'cursor'], undefined],
    ['x', ['y', 'records'], 'y'],
    ['orders', [], undefined],
  ];
  for (const [text, candidates, expected] of cases) {
    it(`takes ${text} for ${expected ?? 'nothing'} of [${candidates}]`, () => {
      expect(nearest(text, candidates)).to.equal(expected);
    });
  }

  it('shortens a long list and says how much is left out', () => {
    expect(listText(['a', 'b', 'c'], 2)).to.equal('a, b and 1 more');
  });
});
