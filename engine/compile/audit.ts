import type { AuditPlan } from '../model/audit.ts';
import type { Plan } from '../model/plan.ts';
import type { Project } from '../model/project.ts';
import { parsePercent } from '../model/units.ts';
import { ownTables } from '../model/warehouse-home.ts';
import { WarehouseSql } from './warehouse-sql.ts';

/** What an audit of a planned project needs besides its plan. Pure. */
export function compileAudit(project: Project, { mappings }: Plan): AuditPlan {
  const sql = new WarehouseSql(project, []);
  const { threshold = '99.9%', share = '10%' } = project.audit ?? {};
  return {
    threshold: Number(threshold.replace('%', '')),
    share: parsePercent(share),
    loads: ownTables(project.warehouse).loads,
    statements: Object.fromEntries(Object.values(mappings).map((one) => [one.name, sql.audit(one)])),
  };
}
