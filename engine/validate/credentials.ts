import { at, objectAt } from './json.ts';
import { below, complain, pointerParts, valuePlace } from './places.ts';
import { isOnlyReferences, isReference, partsOf } from './references.ts';
import type { SecretMistake } from './secrets.ts';
import type { Filled } from './substitute.ts';

const headerNames = /^(proxy-)?authorization$|^(x-)?api-?key$|token|secret|^cookie$/i;
const parameterNames = /^(api[-_]?key|(access[-_]?)?token|(client[-_]?)?secret)$/i;

/** References are filled into headers, and never into a query. */
const helpFor = (parts: readonly string[]): readonly string[] => [
  parts.at(-2) === 'query'
    ? `leave it out here, and declare \`auth: {type: api_key, query: ${parts.at(-1)}, value: "\${env:…}"}\``
    : 'write `${env:NAME}`, or `${file:PATH}` for a file that is not in git',
  'whoever reads the repository knows a secret that was ever in it: replace it at its issuer',
];

/** Pointers of all headers and query parameters that a source names like credentials. */
function credentials(source: unknown): readonly string[] {
  const named = (pointer: string, pattern: RegExp): readonly string[] =>
    Object.keys(objectAt(source, ...pointerParts(pointer)))
      .filter((name) => pattern.test(name))
      .map((name) => below(pointer, name));
  const streams = Object.keys(objectAt(source, 'streams')).map((name) => below('/streams', name, 'request'));
  return [
    ...named('/headers', headerNames),
    ...streams.flatMap((request) => [
      ...named(below(request, 'headers'), headerNames),
      ...named(below(request, 'query'), parameterNames),
    ]),
  ];
}

/** Whether a value has characters that nobody refers to: without a reference, or only as its default. */
function isPlain(value: unknown): boolean {
  if (typeof value === 'number') return true;
  if (typeof value !== 'string' || value.trim() === '') return false;
  return !partsOf(value).some((part) => isReference(part) && part.kind !== 'var' && !part.hasDefault);
}

/** Headers and query parameters that are named like a credential and hold plain text. */
export function plainCredentials(filled: Filled): readonly SecretMistake[] {
  const { document, value, unresolved } = filled;
  return credentials(value).flatMap((pointer): readonly SecretMistake[] => {
    const parts = pointerParts(pointer);
    const [written, read] = [at(document.value, parts), at(value, parts)];
    if (unresolved.has(pointer) || !isPlain(read)) return [];
    const hidden = typeof written !== 'string' || !isOnlyReferences(written);
    const summary = `\`${parts.at(-1)}\` looks like a secret in plain text`;
    const label = hidden ? 'expected a reference' : 'the variable holds it in plain text';
    return [
      {
        secret: { document, pointer, hidden, texts: [...(hidden ? [String(written)] : []), String(read)] },
        diagnostic: complain('ETL0224', valuePlace(document, pointer), summary, {
          label,
          help: helpFor(parts),
        }),
      },
    ];
  });
}
