import type * as config from '../model/config.ts';
import { assert } from '../model/errors.ts';
import type { CheckPlan, MappingPlan } from '../model/plan.ts';
import { parseDuration } from '../model/units.ts';

/** The checks of a mapping, as declared; `id` is what people read. */
export const compileChecks = (mapping: MappingPlan, checks: readonly config.Check[]): readonly CheckPlan[] =>
  checks.map((check) => compileCheck(mapping, check));

/** The checks by the names that columns have in the table; those of a column that is left out have nothing to look at. */
export const checkable = (
  { properties }: MappingPlan,
  checks: readonly config.Check[],
): readonly config.Check[] => {
  const names = new Map(properties.map(({ name, declared }) => [declared?.name ?? name, name]));
  return checks
    .filter(({ column, columns = [] }) =>
      [...(column === undefined ? [] : [column]), ...columns].every((name) => names.has(name)),
    )
    .map(({ column, columns, ...check }) => ({
      ...check,
      ...(column !== undefined && { column: names.get(column) ?? column }),
      ...(columns !== undefined && { columns: columns.map((name) => names.get(name) ?? name) }),
    }));
};

function compileCheck(mapping: MappingPlan, check: config.Check): CheckPlan {
  const severity = check.severity ?? 'error';
  const column = check.column ?? '';
  const base = { severity, id: checkId(check) } as const;
  switch (check.kind) {
    case 'not_null':
      return { ...base, kind: check.kind, column };
    case 'unique':
      return { ...base, kind: check.kind, columns: check.columns ?? [] };
    case 'range':
      return { ...base, kind: check.kind, column, type: typeOf(mapping, column), ...bounds(check, String) };
    case 'accepted_values':
      return { ...base, kind: check.kind, column, values: (check.values ?? []).map(String) };
    case 'row_count':
      return { ...base, kind: check.kind, ...bounds(check, Number) };
    case 'freshness':
      return { ...base, kind: check.kind, column, maxAgeMs: parseDuration(check.maxAge ?? '0s') };
  }
}

function typeOf(mapping: MappingPlan, column: string): MappingPlan['properties'][number]['type'] {
  const property = mapping.properties.find(({ name }) => name === column);
  assert(property, `column ${column} of a check exists in ${mapping.name}`);
  return property.type;
}

const bounds = <T>(check: config.Check, as: (value: string | number) => T): { min?: T; max?: T } => ({
  ...(check.min !== undefined && { min: as(check.min) }),
  ...(check.max !== undefined && { max: as(check.max) }),
});

function checkId(check: config.Check): string {
  const about = [...(check.column === undefined ? [] : [check.column]), ...(check.columns ?? [])].join(', ');
  const limits = [
    ...(check.min === undefined ? [] : [`≥ ${check.min}`]),
    ...(check.max === undefined ? [] : [`≤ ${check.max}`]),
    ...(check.maxAge === undefined ? [] : [`≤ ${check.maxAge}`]),
  ].join(' ');
  return [check.kind, about, limits].filter((part) => part !== '').join(' ');
}
