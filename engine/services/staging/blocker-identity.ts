import { createHash } from 'node:crypto';

export interface Identified {
  readonly kind: string;
  readonly code: string;
  readonly source: string;
  readonly account: string;
  readonly stream: string;
  readonly mapping: string;
  readonly record: string;
  readonly index: number | null;
  readonly property: string;
}

/** What makes two problems the same one: a short text, since a record's key may be long. */
export function identityOf(problem: Identified): string {
  const { kind, code, source, account, stream, mapping, record, index, property } = problem;
  // What is refused are the credentials of an account, whichever of its streams finds out first.
  const where = kind === 'auth' ? '' : stream;
  const parts = [kind, code, source, account, where, mapping, record, index, property];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32);
}
