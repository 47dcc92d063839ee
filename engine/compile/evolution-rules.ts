import type { ContractRule } from '../model/config.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import { complaint } from '../model/errors.ts';
import type { PropertyPlan } from '../model/plan.ts';
import { typeText } from '../model/type-text.ts';
import { columnTypes } from './column-types.ts';
import type { Decision, Meeting } from './evolution-types.ts';
import { altersInPlace, type ExistingType, existingType, isWidening, typeWord } from './existing-types.ts';
import { typeLimits } from './type-limits.ts';

const tableText = ({ mapping: { schema, table } }: Meeting): string => `${schema}.${table}`;

/** The table lacks a column. */
export function decideMissing(meeting: Meeting, property: PropertyPlan): Decision {
  const { contract, dialect, mapping } = meeting;
  const { name } = property;
  const rule = contract.columns;
  const added = {
    property,
    change: `additive: new column ${name} ${columnTypes(dialect)(property.type).type}`,
  };
  if (rule === 'evolve') return added;
  const summary = `${tableText(meeting)} has no column ${name}, and the contract of ${mapping.name} says \`columns: ${rule}\``;
  if (rule === 'freeze' || mapping.key.includes(name)) {
    const why = rule === 'freeze' ? [] : ['The column is part of the key, without which there is no row.'];
    const help = 'Add the column, take the property out of the mapping, or write `columns: evolve`.';
    return { property, diagnostics: [complaint('ETL0306', summary, ...why, help)] };
  }
  if (rule === 'discard_value')
    return {
      note: `left out: ${name}, a column that ${tableText(meeting)} lacks; its values are lost`,
      diagnostics: [lost(summary)],
    };
  const what =
    rule === 'discard_row' ? 'rows with a value for it are left out' : 'rows with a value for it are blocked';
  return {
    guard: { property, otherwise: rule },
    note: `left out: ${name}, a column that ${tableText(meeting)} lacks; ${what}`,
  };
}

const lost = (summary: string): Diagnostic => ({
  ...complaint(
    'ETL0306',
    summary,
    'Its values are not loaded. Kept pages are mapped again once the column is there.',
  ),
  severity: 'warning',
});

/** The table has the column with another type, `now`. */
export function decideType(meeting: Meeting, property: PropertyPlan, now: string): Decision {
  const { contract, dialect } = meeting;
  const rule = contract.types;
  if (rule === 'freeze') return { property };
  const existing = existingType(dialect, now);
  if (rule === 'evolve') return widened(meeting, property, existing, now) ?? beside(meeting, property, now);
  return fitted(meeting, property, existing, now, rule);
}

/** The column takes all that it has, and what the mapping brings. */
function widened(
  { dialect }: Meeting,
  property: PropertyPlan,
  existing: ExistingType | undefined,
  now: string,
): Decision | undefined {
  const { name, type } = property;
  if (existing === undefined || !isWidening(existing, type) || !altersInPlace(dialect, existing, type)) {
    return undefined;
  }
  const wanted = columnTypes(dialect)(type).type;
  return {
    property,
    isSettled: true,
    widened: { name, type: wanted },
    change: `widening: ${name} becomes ${wanted}, which takes all of ${now}`,
  };
}

/** A new column takes the values from now on. */
function beside(meeting: Meeting, property: PropertyPlan, now: string): Decision {
  const { dialect, mapping, existing } = meeting;
  const name = `${property.name}__${typeWord(property.type)}`;
  const { type } = columnTypes(dialect)(property.type);
  const there = existing.columns.find((one) => one.name.toLowerCase() === name.toLowerCase());
  const isTaken = mapping.properties.some((one) => one.name.toLowerCase() === name.toLowerCase());
  if (mapping.key.includes(property.name) || isTaken || (there !== undefined && there.type !== type)) {
    return { property, diagnostics: [notBeside(meeting, property, now, name)], isSettled: true };
  }
  const stays = `${property.name} stays ${now} as it is, and ${name} takes the values of the mapping`;
  return {
    property: { ...property, name, declared: { name: property.name, type: property.type } },
    ...(there === undefined
      ? {
          change: `additive: new column ${name} ${type}, since ${property.name} is ${now} and cannot become ${type} without loss`,
        }
      : {}),
    note: stays,
  };
}

function notBeside(meeting: Meeting, property: PropertyPlan, now: string, name: string): Diagnostic {
  const { mapping } = meeting;
  const why = mapping.key.includes(property.name)
    ? 'It is part of the key, which cannot move to another column.'
    : `A new column beside it would be called ${name}, and that name is taken.`;
  return complaint(
    'ETL0303',
    `the column ${property.name} of ${tableText(meeting)} is ${now}, which cannot become ${typeText(property.type)} without loss`,
    why,
    'Give the property another name, or drop or rename the column in the warehouse.',
  );
}

/** The column stays, and takes what fits it. */
function fitted(
  meeting: Meeting,
  property: PropertyPlan,
  existing: ExistingType | undefined,
  now: string,
  rule: Exclude<ContractRule, 'evolve' | 'freeze'>,
): Decision {
  const { mapping } = meeting;
  if (existing === undefined || existing.isSingle === true) {
    const summary = `the column ${property.name} of ${tableText(meeting)} is ${now}, and nobody can tell which values of the mapping ${mapping.name} fit it`;
    return {
      property,
      isSettled: true,
      diagnostics: [
        complaint(
          'ETL0303',
          summary,
          `The contract says \`types: ${rule}\`, which needs a type that a mapping could have.`,
        ),
      ],
    };
  }
  const what = {
    discard_value: 'a value becomes NULL',
    discard_row: 'a row is left out',
    quarantine: 'a row is blocked',
  };
  const { charactersMax, fraction } = existing;
  const limits = {
    ...typeLimits(meeting.dialect, existing.logical),
    ...(charactersMax !== undefined && { charactersMax }),
    ...(fraction !== undefined && { fractionMax: fraction }),
  };
  const { limits: _, ...bare } = property;
  return {
    property: {
      ...bare,
      type: existing.logical,
      declared: { name: property.name, type: property.type, otherwise: rule },
      ...(Object.keys(limits).length > 0 && { limits }),
    },
    isSettled: true,
    note: `fitted: ${property.name} is ${typeText(property.type)} in the mapping and stays ${now}; ${what[rule]} where one does not fit`,
  };
}
