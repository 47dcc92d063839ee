import { expect } from 'chai';
import fc from 'fast-check';
import { jsonFault } from '../../../engine/execute/map/json-fault.ts';

describe('a fault in JSON', () => {
  it('of a document cut anywhere is that it ends too early', () => {
    const cut = fc
      .tuple(fc.jsonValue({ depthSize: 'medium' }), fc.nat(), fc.nat(2))
      .map(([value, at, indent]) => {
        const text = JSON.stringify({ value }, null, indent);
        return text.slice(0, at % text.length);
      });
    fc.assert(
      fc.property(cut, (text) => {
        expect(jsonFault(text).kind).to.equal('cut short');
      }),
      { numRuns: 1000 },
    );
  });

  const cases = [
    { text: '{"a":1}{"a":2}', kind: 'surplus', at: 7 },
    { text: '[1] x', kind: 'malformed', at: 4 },
    { text: '{"a":1,}', kind: 'malformed', at: 7 },
    { text: '[1,,2]', kind: 'malformed', at: 3 },
    { text: "{'a':1}", kind: 'malformed', at: 1 },
    { text: '{"a" 1}', kind: 'malformed', at: 5 },
    { text: '{1:2}', kind: 'malformed', at: 1 },
    { text: '[1}', kind: 'malformed', at: 2 },
    { text: '[01]', kind: 'malformed', at: 1 },
    { text: '[1.]', kind: 'malformed', at: 1 },
    { text: '["a\nb"]', kind: 'malformed', at: 1 },
    { text: '["\\x"]', kind: 'malformed', at: 1 },
    { text: '[NaN]', kind: 'malformed', at: 1 },
    { text: '[truest]', kind: 'malformed', at: 1 },
    { text: '{"a":"b\\"', kind: 'cut short', at: 5 },
    { text: '{"a":"b\\', kind: 'cut short', at: 5 },
    { text: '[12', kind: 'cut short', at: 3 },
    { text: '[-', kind: 'cut short', at: 1 },
    { text: '[1.5e', kind: 'cut short', at: 1 },
    { text: '[tru', kind: 'cut short', at: 1 },
    { text: '"', kind: 'cut short', at: 0 },
    { text: '', kind: 'cut short', at: 0 },
  ];
  for (const { text, kind, at } of cases) {
    it(`of ${JSON.stringify(text)} is ${kind} at ${at}`, () => {
      expect(jsonFault(text)).to.deep.equal({ kind, at });
    });
  }
});
