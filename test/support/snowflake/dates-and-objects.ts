import { constant, type Scalar, text } from './arguments.ts';
import { cast, jsonOf, keyOf } from './cast.ts';
import { notTaken } from './sql-error.ts';
import { type, variant, written } from './sql-types.ts';

/** The members of an object, in pairs; NULL values are left out, or kept as JSON null. */
export const construct =
  (keepsNull: boolean): Scalar =>
  (args) => {
    const pairs = args.flatMap((key, at) => (at % 2 === 0 ? [[key, args[at + 1]] as const] : []));
    const members = pairs.map(([key, value]) => {
      if (value === undefined) throw notTaken('a key without a value');
      const json = jsonOf(value);
      const member = `CAST(to_json(${text(key)}) AS VARCHAR) || ':' || `;
      return keepsNull ? `${member} coalesce(${json}, 'null')` : `${member} ${json}`;
    });
    return { sql: `sf_json('{' || concat_ws(',', ${members.join(', ') || "''"}) || '}')`, type: variant };
  };

const units: { readonly [part: string]: string } = {
  YEAR: 'to_years',
  MONTH: 'to_months',
  DAY: 'to_days',
  HOUR: 'to_hours',
  MINUTE: 'to_minutes',
  SECOND: 'to_seconds',
  MILLISECOND: 'to_milliseconds',
  MICROSECOND: 'to_microseconds',
};

export const dateAdd: Scalar = ([part, count, to]) => {
  const unit = units[part?.sql ?? ''];
  if (unit === undefined || count?.type.kind !== 'NUMBER' || to === undefined)
    throw notTaken('DATEADD but with a part such as DAY, a whole number and a date');
  const amount = `${unit}(CAST(${count.sql} AS ${unit === 'to_seconds' || unit === 'to_milliseconds' ? 'DOUBLE' : 'INTEGER'}))`;
  if (to.type.kind === 'TIMESTAMP_TZ')
    return {
      sql: `CASE WHEN ${to.sql} IS NOT NULL THEN struct_pack(t := (${to.sql}).t + ${amount}, o := (${to.sql}).o) END`,
      type: to.type,
    };
  if (to.type.kind === 'DATE' && ['YEAR', 'MONTH', 'DAY'].includes(part?.sql ?? ''))
    return { sql: `CAST(${to.sql} + ${amount} AS DATE)`, type: to.type };
  if (!to.type.kind.startsWith('TIMESTAMP')) throw notTaken(`DATEADD to ${written(to.type)}`);
  return { sql: `(${to.sql} + ${amount})`, type: to.type };
};

export const inZone: Scalar = (args) => {
  const [zone, of] = args;
  if (args.length !== 2 || of === undefined || constant(zone) !== 'UTC')
    throw notTaken('CONVERT_TIMEZONE but to UTC, of two arguments');
  if (of.type.kind !== 'TIMESTAMP_TZ' && of.type.kind !== 'TIMESTAMP_LTZ')
    throw notTaken(`CONVERT_TIMEZONE of ${written(of.type)}`);
  return cast(
    { sql: keyOf(of), type: type('TIMESTAMP_LTZ', of.type.size) },
    type('TIMESTAMP_TZ', of.type.size),
    'UTC',
  );
};
