import type { IncomingMessage } from 'node:http';
import { badRequest, Refusal } from './answer.ts';

const bodyBytesMax = 65_536;

/** The text that a request carries. @throws Refusal 413 when it is longer than a login or a list of faults can be */
export async function readText(request: IncomingMessage, bytesMax = bodyBytesMax): Promise<string> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of request) {
    bytes += (piece as Buffer).length;
    if (bytes > bytesMax) throw new Refusal(413, 'too_large', `A body may have ${bytesMax} bytes at most.`);
    pieces.push(piece as Buffer);
  }
  return Buffer.concat(pieces).toString();
}

/** The JSON that a request carries. @throws Refusal 400 when it is none */
export async function readJson(request: IncomingMessage, bytesMax = bodyBytesMax): Promise<unknown> {
  try {
    return JSON.parse(await readText(request, bytesMax)) as unknown;
  } catch (thrown) {
    if (thrown instanceof Refusal) throw thrown;
    throw badRequest('The body is not JSON.');
  }
}
