import { createHash } from 'node:crypto';
import { badRequest } from './answer.ts';

const sealBytes = 9;

// The seal must be the same after a restart, or a run that was interrupted could not go on.
const sealOf = (owner: string, filter: string, offset: string): string =>
  createHash('sha256')
    .update(JSON.stringify([owner, filter, offset]))
    .digest()
    .subarray(0, sealBytes)
    .toString('base64url');

/** An opaque token for the page that begins at `offset` of what `filter` leaves of a stream (`owner`). */
export const writeToken = (owner: string, filter: string, offset: number): string =>
  Buffer.from(`${offset}.${sealOf(owner, filter, String(offset))}`).toString('base64url');

/** The offset in a token. @throws Refusal 400 for one that was altered, or made for another stream or filter */
export function readToken(owner: string, filter: string, token: string): number {
  const [offset = '', seal] = Buffer.from(token, 'base64url').toString().split('.');
  const asWritten = writeToken(owner, filter, Number(offset)) === token;
  if (asWritten && seal === sealOf(owner, filter, offset)) return Number(offset);
  throw badRequest('The page token is not one that this listing gave for this filter.');
}
