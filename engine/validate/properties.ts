import type * as config from '../model/config.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import type { SourceDocument } from '../model/project.ts';
import { below, complain, keyPlace, placeText, valuePlace } from './places.ts';
import { zoneMistake } from './zones.ts';

/** One property of a mapping and where it stands. */
interface Line {
  readonly document: SourceDocument;
  readonly pointer: string;
  readonly name: string;
  readonly property: config.Property;
}

/** The name of a column's type without its numbers: `decimal` of `decimal(18,2)`. */
export const baseType = (type: string): string => /^\w*/.exec(type)?.[0] ?? '';

const origins = ['from', 'property', 'value', 'template', 'expr'] as const;

function originMistake({ document, pointer, name, property }: Line): readonly Diagnostic[] {
  const found = origins.filter((origin) => property[origin] !== undefined);
  if (found.length === 1) return [];
  const second = found[1];
  const help = ['A property has exactly one of `from`, `property`, `value`, `template` and `expr`.'];
  if (second === undefined) {
    return [
      complain('ETL0209', keyPlace(document, pointer), `nothing says where \`${name}\` gets its value`, {
        label: 'needs `from`, `property`, `value`, `template` or `expr`',
        help,
      }),
    ];
  }
  return [
    complain('ETL0209', keyPlace(document, below(pointer, second)), `\`${name}\` has two origins`, {
      label: `there is \`${found[0]}\`, too`,
      help,
    }),
  ];
}

function decimalMistake({ document, pointer, property }: Line): readonly Diagnostic[] {
  const found = /^decimal\((\d+),\s*(\d+)\)$/.exec(property.type);
  if (found === null) return [];
  const [precision, scale] = [Number(found[1]), Number(found[2])];
  if (precision >= 1 && precision <= 38 && scale <= precision) return [];
  return [
    complain(
      'ETL0216',
      valuePlace(document, below(pointer, 'type')),
      `\`${property.type}\` is not possible`,
      {
        label:
          precision < 1 || precision > 38
            ? 'the precision is 1 to 38'
            : 'more digits after the point than in all',
        help: ['decimal(p,s) has p digits in all, 1 to 38, and s of them after the point.'],
      },
    ),
  ];
}

const settingTypes = { zone: ['timestamp'], format: ['timestamp', 'date'] } as const;

/** Settings that mean nothing for the type of the column. */
function settingMistakes(line: Line): readonly Diagnostic[] {
  const { document, pointer, property } = line;
  return (['zone', 'format'] as const).flatMap((setting) => {
    const types: readonly string[] = settingTypes[setting];
    if (property[setting] === undefined || types.includes(property.type)) return [];
    const place = keyPlace(document, below(pointer, setting));
    return complain('ETL0215', place, `\`${setting}\` does not fit the type ${property.type}`, {
      label: `only for ${types.join(' and ')}`,
      help: [`Remove \`${setting}\`, or make the type ${types.join(' or ')}.`],
    });
  });
}

/** What is wrong with how a property protects a value: what, what it means, what to do. */
function piiMisfit(
  { name, property }: Line,
  { load }: config.Mapping,
): readonly [summary: string, label: string, help: string] | undefined {
  const { pii, type, required } = property;
  if (property.from === undefined) {
    const help =
      'Personal data is replaced in the record before it is stored, so that its path must be known.';
    return ['`pii` needs `from`', 'there is no path of a value to protect', help];
  }
  if (pii !== 'drop' && type !== 'string') {
    const help = 'Make the type `string`, or write `pii: drop`.';
    return [`\`pii: ${pii}\` does not fit the type ${type}`, 'what is left is a text', help];
  }
  if (pii === 'drop' && (required === true || load.key.includes(name))) {
    const help = 'Write `pii: hmac`: the same value always gives the same token.';
    return [`\`${name}\` is dropped and must have a value`, 'leaves nothing of the value', help];
  }
  if (pii === 'truncate' && load.key.includes(name)) {
    const help = 'Write `pii: hmac`: the same value always gives the same token, and others get others.';
    return [`\`${name}\` is part of the key`, 'what is left would be the same for many', help];
  }
  return undefined;
}

function piiMistake(line: Line, mapping: config.Mapping): readonly Diagnostic[] {
  const { document, pointer, property } = line;
  const complaint = (key: string, [summary, label, help]: readonly [string, string, string]) => [
    complain('ETL0210', keyPlace(document, below(pointer, key)), summary, { label, help: [help] }),
  ];
  if ((property.pii === 'truncate') !== (property.piiKeep !== undefined)) {
    const help = 'Write `pii: truncate, piiKeep: 3`, or the like.';
    const key = property.pii === undefined ? 'piiKeep' : 'pii';
    return complaint(key, [
      '`pii: truncate` and `piiKeep` go together',
      'how much of the value is left?',
      help,
    ]);
  }
  const misfit = property.pii === undefined ? undefined : piiMisfit(line, mapping);
  return misfit === undefined ? [] : complaint('pii', misfit);
}

function caseTwins(document: SourceDocument, { properties }: config.Mapping): readonly Diagnostic[] {
  const first = new Map<string, string>();
  return Object.keys(properties).flatMap((name) => {
    const before = first.get(name.toLowerCase());
    first.set(name.toLowerCase(), before ?? name);
    if (before === undefined) return [];
    const other = placeText(keyPlace(document, below('/properties', before)));
    const place = keyPlace(document, below('/properties', name));
    return complain('ETL0214', place, `\`${name}\` and \`${before}\` are the same column`, {
      label: `the other is in ${other}`,
      help: ['Warehouses fold the case of names; choose names that differ in more than case.'],
    });
  });
}

/** Mistakes within single properties of a mapping, and names that collide. */
export const propertyMistakes = (
  document: SourceDocument,
  mapping: config.Mapping,
): readonly Diagnostic[] => [
  ...Object.entries(mapping.properties).flatMap(([name, property]) => {
    const line: Line = { document, pointer: below('/properties', name), name, property };
    return [
      ...originMistake(line),
      ...decimalMistake(line),
      ...zoneMistake(line.document, below(line.pointer, 'zone'), line.property.zone),
      ...settingMistakes(line),
      ...piiMistake(line, mapping),
    ];
  }),
  ...caseTwins(document, mapping),
  ...keptTwin(document, mapping),
  ...splitMistake(document, mapping),
];

function splitMistake(document: SourceDocument, { each, eachSplit }: config.Mapping): readonly Diagnostic[] {
  if (eachSplit === undefined || each !== undefined) return [];
  return [
    complain('ETL0208', keyPlace(document, '/eachSplit'), '`eachSplit` means nothing without `each`', {
      help: ['`each` is the path of the text; each of its parts is then a row.'],
    }),
  ];
}

/** The column of what is left over is one more. */
function keptTwin(document: SourceDocument, { unmapped, properties }: config.Mapping): readonly Diagnostic[] {
  const keep = typeof unmapped === 'object' ? unmapped.keep : undefined;
  const twin = Object.keys(properties).find((name) => name.toLowerCase() === keep?.toLowerCase());
  if (twin === undefined) return [];
  const other = placeText(keyPlace(document, below('/properties', twin)));
  return [
    complain(
      'ETL0214',
      valuePlace(document, '/unmapped/keep'),
      `\`${keep}\` and \`${twin}\` are the same column`,
      {
        label: `the other is in ${other}`,
        help: ['Give the column of what no property reads a name of its own: `_extra`.'],
      },
    ),
  ];
}
