import { Transform } from 'node:stream';

const backslash = 0x5c;
const lineEnds = [0x0a, 0x0d] as const;

/**
 * Lines of a load file as COPY takes them. Before version 18 it ends at a line `\.` even within quotes, where a text may
 * have one. The quotes end before the backslash and begin again behind it, which says the same and begins no line with it.
 */
export function loadLines(): Transform {
  let before = -1;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      done(null, withoutEnds(chunk, before));
      before = chunk.at(-1) ?? before;
    },
  });
}

const isLineEnd = (byte: number | undefined): boolean => lineEnds.some((end) => end === byte);

/** `\` at the start of a line always stands within quotes: a line of a load file begins with one. */
function withoutEnds(chunk: Buffer, before: number): Buffer {
  const parts: Buffer[] = [];
  let copied = 0;
  for (let at = chunk.indexOf(backslash); at !== -1; at = chunk.indexOf(backslash, at + 1)) {
    if (!isLineEnd(at === 0 ? before : chunk[at - 1])) continue;
    parts.push(chunk.subarray(copied, at), quotedApart);
    copied = at + 1;
  }
  return parts.length === 0 ? chunk : Buffer.concat([...parts, chunk.subarray(copied)]);
}

const quotedApart = Buffer.from('"\\"');
