import { expect } from 'chai';
import { fraction } from '../../engine/lab/random.ts';
import { endOfUnit, instantText } from '../../engine/model/instant.ts';

describe('the end of a unit', () => {
  it('is behind all that is in it, and before all that is in a later one', () => {
    let drawn = 0;
    const next = (): number => {
      drawn += 1;
      return fraction(4711, drawn);
    };
    const micros = (ms: number, rest: number): string =>
      instantText(Math.floor(ms / 1000) * 1000, String((ms % 1000) * 1000 + rest).padStart(6, '0')) ?? '';
    for (const unit of [1, 250, 1000, 60_000, 3_600_000, 86_400_000]) {
      for (let at = 0; at < 500; at += 1) {
        const deleted = Date.UTC(2026, 0, 1) + Math.floor(next() * 1e10);
        const cut = Math.floor(deleted / unit) * unit;
        const end = endOfUnit(micros(cut, 0), unit);
        const [before, after] = [cut + Math.floor(next() * unit), cut + unit + Math.floor(next() * unit)];
        expect(end >= micros(deleted, 0)).to.equal(true);
        expect(end >= micros(before, Math.floor(next() * 1000))).to.equal(true);
        expect(end < micros(after, 0), `${end} ${after}`).to.equal(true);
      }
    }
  });
});
