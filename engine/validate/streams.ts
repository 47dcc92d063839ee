import type * as config from '../model/config.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import { parseInstant } from '../model/instant.ts';
import type { SourceDocument } from '../model/project.ts';
import { askMistakes } from './asks.ts';
import { bodyMistakes } from './bodies.ts';
import { limitMistakes } from './limits.ts';
import { below, complain, keyPlace, valuePlace } from './places.ts';
import { replyMistakes } from './replies.ts';

/** What is wrong with a cursor's `start`, and how it is written. */
function startMistake({ type = 'timestamp', start }: config.Cursor): readonly [string, string] | undefined {
  if (start === undefined) return undefined;
  if (type === 'string') return typeof start === 'string' ? undefined : ['expected text', `write "${start}"`];
  if (type === 'integer') {
    return /^-?\d+$/.test(String(start)) ? undefined : ['expected a whole number', 'for example: start: 0'];
  }
  if (typeof start === 'string' && parseInstant(start) !== undefined) return undefined;
  const day = /^\d{4}-\d\d-\d\d$/.test(String(start)) ? String(start) : '2026-01-01';
  return ['expected an instant with its zone', `for example: start: ${day}T00:00:00Z`];
}

function cursorMistakes(
  document: SourceDocument,
  pointer: string,
  cursor: config.Cursor,
): readonly Diagnostic[] {
  const { type = 'timestamp', start, lookback } = cursor;
  const mistake = startMistake(cursor);
  const found: Diagnostic[] = [];
  if (mistake !== undefined) {
    const place = valuePlace(document, below(pointer, 'start'));
    const [label, help] = mistake;
    found.push(
      complain('ETL0217', place, `\`${start}\` is no start for a cursor of type ${type}`, {
        label,
        help: [help],
      }),
    );
  }
  if (type !== 'timestamp' && lookback !== undefined) {
    found.push(
      complain(
        'ETL0217',
        keyPlace(document, below(pointer, 'lookback')),
        `\`lookback\` does not fit a cursor of type ${type}`,
        {
          label: 'only for timestamp',
          help: ['A duration can be taken from a timestamp only.'],
        },
      ),
    );
  }
  return found;
}

function sizeMistake(
  document: SourceDocument,
  pointer: string,
  stream: config.Stream,
): readonly Diagnostic[] {
  const { size, sizeParam = 'limit' } = stream.paginate ?? {};
  const query = stream.request.query?.[sizeParam];
  if (size === undefined || query === undefined || String(query) === String(size)) return [];
  return [
    complain(
      'ETL0219',
      valuePlace(document, below(pointer, 'request', 'query', sizeParam)),
      'the page size is said twice',
      {
        label: `\`paginate.size\` is ${size}`,
        help: [`Remove \`${sizeParam}\` here; \`paginate\` sends it.`],
      },
    ),
  ];
}

/** A page that the API would not give. */
function sizeMaxMistake(
  document: SourceDocument,
  pointer: string,
  { size, sizeMax }: config.Paginate,
): readonly Diagnostic[] {
  if (size === undefined || sizeMax === undefined || size <= sizeMax) return [];
  return [
    complain(
      'ETL0275',
      valuePlace(document, below(pointer, 'paginate', 'size')),
      `a page of ${size} records is too large`,
      {
        label: `the API gives ${sizeMax} at most`,
        help: [`write ${sizeMax}; or say what the API allows now: \`sizeMax: ${size}\``],
      },
    ),
  ];
}

/** Settings of a source that contradict each other. */
export const sourceMistakes = (document: SourceDocument, source: config.Source): readonly Diagnostic[] => [
  ...limitMistakes(document, source),
  ...askMistakes(document, source),
  ...replyMistakes(document, source),
  ...Object.entries(source.streams).flatMap(([name, stream]) => {
    const pointer = below('/streams', name);
    return [
      ...(stream.cursor === undefined ? [] : cursorMistakes(document, `${pointer}/cursor`, stream.cursor)),
      ...sizeMistake(document, pointer, stream),
      ...sizeMaxMistake(document, pointer, stream.paginate ?? { type: 'none' }),
      ...bodyMistakes(document, pointer, stream),
    ];
  }),
];
