import type * as config from '../model/config.ts';
import { assert } from '../model/errors.ts';
import type { TransformPlan } from '../model/plan.ts';

/** A transform as declared, with its settings spelled out. */
export function compileTransform(transform: config.Transform): TransformPlan {
  assert(transform !== 'labels', 'labels are filled in from the catalog');
  if (typeof transform === 'string') return { name: transform };
  if (transform.replace !== undefined) return { name: 'replace', ...transform.replace };
  if (transform.map !== undefined) return { name: 'map', values: transform.map };
  if (transform.mapEach !== undefined) return { name: 'mapEach', separator: ';', ...transform.mapEach };
  if (transform.split !== undefined) return { name: 'split', separator: transform.split };
  assert(transform.shift !== undefined, 'a transform has one setting');
  return { name: 'shift', places: transform.shift };
}
