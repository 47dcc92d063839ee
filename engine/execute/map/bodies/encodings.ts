import type { TextEncoding } from '../../../model/body-plan.ts';
import { windows1252 } from '../../../model/windows-1252.ts';
import type { Source } from './source.ts';

type Decode = (body: Uint8Array) => string | undefined;

/** Decodes a body; undefined when it is not encoded so. A byte order mark is skipped. */
export function textDecoder(encoding: TextEncoding): Decode {
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

const charsets: ReadonlyMap<string, TextEncoding> = new Map([
  ['iso-8859-1', 'iso-8859-1'],
  ['latin1', 'iso-8859-1'],
  ['windows-1252', 'windows-1252'],
  ['cp1252', 'windows-1252'],
  ['utf-16le', 'utf-16le'],
]);

const isMarked = ([first, second, third]: Uint8Array): boolean =>
  first === 0xef && second === 0xbb && third === 0xbf;

/**
 * The same for what an API sends. A body that begins with the mark of UTF-8 is UTF-8, whatever is declared; one that should be, and
 * is not, is what its `Content-Type` says: many servers write a charset there that their files are not in.
 */
export function bodyDecoder(
  encoding: TextEncoding,
): (body: Uint8Array, source: Pick<Source, 'charset' | 'origin'>) => string | undefined {
  const declared = textDecoder(encoding);
  const utf8 = textDecoder('utf-8');
  return (body, { charset, origin }) => {
    // The mark of a file is that of its first page alone.
    if (origin === undefined && isMarked(body)) return utf8(body);
    const text = declared(body);
    if (text !== undefined || encoding !== 'utf-8') return text;
    const said = charsets.get(charset ?? '');
    return said === undefined ? undefined : textDecoder(said)(body);
  };
}

const latin1 = ({ buffer, byteOffset, byteLength }: Uint8Array): string =>
  Buffer.from(buffer, byteOffset, byteLength).toString('latin1');
