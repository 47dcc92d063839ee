import type { ScratchTable } from '../model/parity.ts';
import type { MappingPlan } from '../model/plan.ts';
import type { Project } from '../model/project.ts';
import { WarehouseSql } from './warehouse-sql.ts';

export type { ScratchTable } from '../model/parity.ts';

/** How an embedded database makes the table of a mapping of what is staged, whatever its warehouse is. Pure. */
export function compileScratch(project: Project, mapping: MappingPlan): ScratchTable {
  const sql = new WarehouseSql(project, []);
  const evolution = {
    mapping,
    widened: [],
    settled: new Set<string>(),
    changes: [],
    notes: [],
    diagnostics: [],
  };
  const { steps } = sql.define(evolution, sql.lacking());
  return {
    define: steps.flatMap(({ statements }) => statements),
    load: sql.load(mapping, Number.MAX_SAFE_INTEGER).statements,
  };
}
