import type { Path } from '../../model/plan.ts';
import { compilePath } from './paths.ts';

/**
 * Reads a value of a unit: what one row is made of. Without `each` the element is the record itself and has no index.
 */
export type UnitReader = (element: unknown, record: unknown, index: number | null) => unknown;

/** A path of a mapping: of the element, of its record, or the index. */
export function compileUnitPath(path: Path): UnitReader {
  if (path.root === 'index') return (_element, _record, index) => index ?? undefined;
  const read = compilePath(path);
  return path.root === 'element' ? (element) => read(element) : (_element, record) => read(record);
}
