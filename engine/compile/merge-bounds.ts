import type { LogicalType, MappingPlan } from '../model/plan.ts';

/** A column of which a merge may look only at values between the least and the greatest of a batch. */
interface MergeBound {
  readonly name: string;
  readonly logical: LogicalType;
  /** Where a row may have no value, such rows are looked at as well. */
  readonly nullable: boolean;
  /** How its values are written as texts, where that is not plain; '' otherwise. */
  readonly format: string;
}

/** Values of these have an order, and become texts and values again without loss. */
const formats: { readonly [type in LogicalType['name']]?: string } = {
  string: '',
  integer: '',
  decimal: '',
  date: 'YYYY-MM-DD',
  timestamp: 'YYYY-MM-DD"T"HH24:MI:SS.FF6TZH:TZM',
  datetime: 'YYYY-MM-DD"T"HH24:MI:SS.FF6',
};

/** Texts of keys are mostly random, and those of one batch lie everywhere. */
const helps = ({ name }: LogicalType): boolean => name !== 'string' && formats[name] !== undefined;

/**
 * Where the rows of a batch can be in the target: by the column that is declared never to change, or else by the key. Never by the
 * cursor: the row that is to be updated has an old one.
 */
export function boundsOf({ properties, key, prune }: MappingPlan): readonly MergeBound[] {
  const found =
    properties.find(({ name }) => name === prune) ??
    properties.find(({ name, type }) => key.includes(name) && helps(type));
  if (found === undefined) return [];
  const { name, type } = found;
  return [{ name, logical: type, nullable: !key.includes(name), format: formats[type.name] ?? '' }];
}
