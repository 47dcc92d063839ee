import { expect } from 'chai';
import fc from 'fast-check';
import { pagePacker } from '../../../engine/execute/map/pack.ts';

const secret = 'ada@example.com';
const body = Buffer.from(JSON.stringify({ records: [{ email: secret }] }));

describe('a page packer', () => {
  const plain = pagePacker(undefined);
  const sealing = pagePacker('one key of more than 32 characters');

  it('gives back what it packed, with a key and without', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 5000 }), fc.nat(), async (bytes, page) => {
        for (const packer of [plain, sealing]) {
          const unpacked = packer.unpack(await packer.pack(bytes, page), page);
          expect(Buffer.from(unpacked ?? []).equals(Buffer.from(bytes))).to.equal(true);
        }
      }),
      { numRuns: 50 },
    );
  });

  it('reads pages of before there was a key', async () => {
    const unpacked = sealing.unpack(await plain.pack(body, 1), 1);
    expect(Buffer.from(unpacked ?? []).toString()).to.equal(body.toString());
  });

  it('opens nothing with another key, for another page, or that was altered', async () => {
    const sealed = await sealing.pack(body, 1);
    expect(sealing.unpack(sealed, 2)).to.equal(undefined);
    expect(plain.unpack(sealed, 1)).to.equal(undefined);
    expect(pagePacker('another key of more than 32 characters').unpack(sealed, 1)).to.equal(undefined);
    for (const at of [4, 16, 32, sealed.length - 1]) {
      const altered = Buffer.from(sealed);
      altered[at] = (altered[at] ?? 0) ^ 1;
      expect(sealing.unpack(altered, 1), `byte ${at}`).to.equal(undefined);
    }
    expect(sealing.unpack(sealed.subarray(0, 10), 1)).to.equal(undefined);
  });

  it('never makes the same bytes twice', async () => {
    const [one, two] = [await sealing.pack(body, 1), await sealing.pack(body, 1)];
    expect(Buffer.from(one).equals(Buffer.from(two))).to.equal(false);
  });
});
