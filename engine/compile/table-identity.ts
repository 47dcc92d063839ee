import type { MappingPlan } from '../model/plan.ts';

/**
 * What tells two rows of the table apart. NULL is a cursor like others, and in the table none is the empty text: see
 * `same.sql.hbs`.
 */
export const identityOf = ({ key, strategy }: Pick<MappingPlan, 'key' | 'strategy'>) =>
  strategy === 'append'
    ? { equal: [...key, '_hash'], byCursor: true, byHash: true, identity: [...key, '_cursor', '_hash'] }
    : { equal: key, byCursor: false, byHash: false, identity: key };

/** Cursors of one kind begin with the same text: only they are compared. Empty in a stream without a cursor. */
export const kindOf = ({ versionedBy }: { readonly versionedBy?: string }): string =>
  versionedBy === undefined ? '' : `${versionedBy}: `;

/** Columns that are no part of the key. */
export const valuesOf = ({ key, properties }: MappingPlan): readonly string[] =>
  properties.map(({ name }) => name).filter((name) => !key.includes(name));
