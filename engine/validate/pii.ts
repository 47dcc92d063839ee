import type * as config from '../model/config.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import { isPathError, parsePath, segmentsText } from '../model/path.ts';
import type { SourceDocument } from '../model/project.ts';
import type { Entries } from './entries.ts';
import { below, complain, keyPlace, placeText } from './places.ts';

/** One property that reads a path of a stream's record. */
interface Reader {
  readonly document: SourceDocument;
  readonly pointer: string;
  readonly property: config.Property;
  /** The stream and the whole path from its record. */
  readonly path: string;
}

function readersOf(document: SourceDocument, mapping: config.Mapping): readonly Reader[] {
  const each = mapping.each === undefined ? undefined : parsePath(mapping.each);
  if (each !== undefined && isPathError(each)) return [];
  return Object.entries(mapping.properties).flatMap(([name, property]) => {
    const path = property.from === undefined ? undefined : parsePath(property.from, each !== undefined);
    if (path === undefined || isPathError(path) || path.root === 'index') return [];
    const before = path.root === 'element' ? [...(each?.segments ?? []), { any: 'element' } as const] : [];
    const whole = `${mapping.from} ${segmentsText([...before, ...path.segments])}`;
    return { document, pointer: below('/properties', name), property, path: whole };
  });
}

const actionText = ({ pii }: config.Property): string =>
  pii === undefined ? 'is stored as it is' : `has \`pii: ${pii}\``;

/** A token is made of the transformed value, so that another transformation makes another token. */
const treatment = ({ pii, piiKeep, transform }: config.Property): string =>
  pii === 'hmac' || pii === 'truncate'
    ? JSON.stringify([pii, piiKeep, transform ?? []])
    : JSON.stringify(pii ?? null);

function disagreement(one: Reader, other: Reader): Diagnostic {
  // The complaint stands where a treatment is written, or at the second property.
  const place = keyPlace(
    other.document,
    other.property.pii === undefined ? other.pointer : below(other.pointer, 'pii'),
  );
  const first = placeText(keyPlace(one.document, one.pointer));
  const sameAction = one.property.pii === other.property.pii;
  return complain('ETL0212', place, `\`${other.property.from}\` is treated in two ways`, {
    label: sameAction
      ? `${first} transforms or truncates it in another way`
      : `in ${first} it ${actionText(one.property)}`,
    help: [
      'A value is replaced in the stored record, once for all mappings: write the same `pii` and `transform` in both.',
    ],
  });
}

function disagreements({ mappings }: Entries): readonly Diagnostic[] {
  const first = new Map<string, Reader>();
  const readers = mappings.flatMap(({ document, config: mapping }) =>
    mapping === undefined ? [] : readersOf(document, mapping),
  );
  return readers.flatMap((reader) => {
    const before = first.get(reader.path);
    first.set(reader.path, before ?? reader);
    if (before === undefined || treatment(before.property) === treatment(reader.property)) return [];
    return disagreement(before, reader);
  });
}

/** Said once, at the first property that needs the key. */
function missingKey({ mappings, project }: Entries): readonly Diagnostic[] {
  if (project === undefined || project.pii !== undefined) return [];
  for (const { document, config: mapping } of mappings) {
    for (const [name, property] of Object.entries(mapping?.properties ?? {})) {
      if (property.pii !== 'hmac') continue;
      const place = keyPlace(document, below('/properties', name, 'pii'));
      return [
        complain('ETL0211', place, '`pii: hmac` needs a key, and the project has none', {
          label: 'needs `pii.key` in etl.yml',
          help: ['add to etl.yml: `pii: {key: "${env:PII_KEY}"}`'],
        }),
      ];
    }
  }
  return [];
}

/** What mappings say about personal data must be the same for one value. */
export const piiMistakes = (entries: Entries): readonly Diagnostic[] => [
  ...missingKey(entries),
  ...disagreements(entries),
];
