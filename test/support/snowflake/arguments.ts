import type { Typed } from './cast.ts';
import { mismatch, notTaken } from './sql-error.ts';
import { written } from './sql-types.ts';

/** What functions know of the session. */
export interface Facts {
  readonly timezone: string;
  /** The start of the statement, in UTC. */
  readonly now: string;
  readonly database?: string;
  readonly schema?: string;
  readonly role: string;
  readonly warehouse?: string;
}

export type Scalar = (args: readonly Typed[], facts: Facts) => Typed;

/** What is to be a text already; other kinds are for casts. */
export function text(of: Typed | undefined): string {
  if (of === undefined || !['VARCHAR', 'NULL'].includes(of.type.kind))
    throw mismatch(`a VARCHAR is expected, not ${of === undefined ? 'nothing' : written(of.type)}`);
  return of.sql;
}

/** Literals keep their text, so that formats can be read before anything runs. */
export function constant(of: Typed | undefined): string {
  const found = /^'((?:[^']|'')*)'$/.exec(of?.sql ?? '')?.[1];
  if (found === undefined) throw notTaken('a format that is no literal');
  return found.replaceAll("''", "'");
}

export function whole(of: Typed | undefined): number {
  const value = Number(of?.sql);
  if (of === undefined || !Number.isInteger(value)) throw notTaken('a number that is no literal here');
  return value;
}
