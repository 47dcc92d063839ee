import type * as config from '../model/config.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import type { SourceDocument } from '../model/project.ts';
import { at } from './json.ts';
import { below, complain, placeWithin, pointerParts, valuePlace } from './places.ts';
import { partsOf } from './references.ts';

const loopback = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

/** Requests are kept with their pages, so that nothing is filled into their path and query. */
function literalReference(
  document: SourceDocument,
  pointer: string,
  value: unknown,
  help: string,
): readonly Diagnostic[] {
  const found = partsOf(String(value)).find(({ kind }) => kind === 'env' || kind === 'file');
  if (found === undefined) return [];
  const whole = valuePlace(document, pointer);
  const written = String(at(document.value, pointerParts(pointer)));
  const begin = written.indexOf(found.text);
  const place = begin < 0 ? whole : placeWithin(whole, written, begin, found.text.length);
  const summary = `\`${found.text}\` would be sent as it stands`;
  return [complain('ETL0222', place, summary, { label: 'not filled in here', help: [help] })];
}

function referenceMistakes(
  document: SourceDocument,
  pointer: string,
  { path, query = {} }: config.StreamRequest,
): readonly Diagnostic[] {
  return [
    ...literalReference(
      document,
      below(pointer, 'path'),
      path,
      'What differs between environments of a project is written `${var:NAME}`; `baseUrl` takes `${env:NAME}`, too.',
    ),
    ...Object.entries(query).flatMap(([name, value]) =>
      literalReference(
        document,
        below(pointer, 'query', name),
        value,
        `A key is sent as a parameter with \`auth: {type: api_key, query: ${name}, value: "\${env:…}"}\`; what is no secret is written \`\${var:NAME}\`.`,
      ),
    ),
  ];
}

/** Credentials in the clear can be read on their way. What a reference stands for is looked at by the run. */
function clearTextMistake(document: SourceDocument, pointer: string, url: string): readonly Diagnostic[] {
  if (!/^http:/i.test(url) || !URL.canParse(url) || loopback.test(new URL(url).hostname)) return [];
  return [
    complain('ETL0223', valuePlace(document, pointer), 'credentials would travel in the clear', {
      label: 'expected https://',
      help: ['Write https://; http:// is only for this machine (localhost, 127.0.0.1, [::1]).'],
    }),
  ];
}

/** What would be sent otherwise than it is meant, or where everybody can read it. */
export const requestMistakes = (document: SourceDocument, source: config.Source): readonly Diagnostic[] => [
  ...clearTextMistake(document, '/baseUrl', source.baseUrl),
  ...clearTextMistake(document, '/auth/tokenUrl', source.auth?.tokenUrl ?? ''),
  ...Object.entries(source.streams).flatMap(([name, { request, lookups = {} }]) => [
    ...referenceMistakes(document, below('/streams', name, 'request'), request),
    ...Object.entries(lookups).flatMap(([lookup, asked]) =>
      referenceMistakes(document, below('/streams', name, 'lookups', lookup), asked),
    ),
  ]),
];
