import { createHash, randomBytes } from 'node:crypto';

const sealBytes = 12;

const sealOf = (owner: string, kind: string, content: string): string =>
  createHash('sha256')
    .update(JSON.stringify([owner, kind, content]))
    .digest()
    .subarray(0, sealBytes)
    .toString('hex');

/**
 * A text that nobody can guess and that its maker knows again, also after a restart: a client keeps its tokens longer
 * than a lab runs. `content` has letters and digits only.
 */
export function sealed(owner: string, kind: string, content: string): string {
  const inside = `${content}-${randomBytes(sealBytes).toString('hex')}`;
  return `lab-${kind}-${inside}-${sealOf(owner, kind, inside)}`;
}

/** What stands in a sealed text; undefined when it was not made for this owner and kind. */
export function unsealed(owner: string, kind: string, text: string): string | undefined {
  const found = /^lab-([a-z]+)-(([0-9a-z]*)-[0-9a-f]+)-([0-9a-f]+)$/.exec(text);
  const [, ofKind, inside = '', content, seal] = found ?? [];
  return ofKind === kind && seal === sealOf(owner, kind, inside) ? content : undefined;
}
