import type { TextEncoding } from '../../../model/body-plan.ts';
import { windows1252 } from '../../../model/windows-1252.ts';

/** Decodes a body; undefined when it is not encoded so. A byte order mark is skipped. */
export function textDecoder(encoding: TextEncoding): (body: Uint8Array) => string | undefined {
  // WHATWG takes ISO-8859-1 for windows-1252; here it is what it says.
  if (encoding === 'iso-8859-1') return (body) => latin1(body);
  if (encoding === 'windows-1252')
    return (body) =>
      latin1(body).replace(/[\x80-\x9f]/g, (one) => windows1252[one.charCodeAt(0) - 0x80] ?? one);
  const decoder = new TextDecoder(encoding, { fatal: true });
  return (body) => {
    try {
      return decoder.decode(body);
    } catch {
      return undefined;
    }
  };
}

const latin1 = ({ buffer, byteOffset, byteLength }: Uint8Array): string =>
  Buffer.from(buffer, byteOffset, byteLength).toString('latin1');
