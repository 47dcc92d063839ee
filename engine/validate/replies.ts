import type * as config from '../model/config.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import type { SourceDocument } from '../model/project.ts';
import { pathMistake } from './paths.ts';
import { below, complain, keyPlace, valuePlace } from './places.ts';
import { didYouMean, listText } from './suggest.ts';

const groups = ['used', 'limit', 'remaining', 'rate', 'reset'] as const;

/** What a source says of replies and what cannot be read there. */
export const replyMistakes = (document: SourceDocument, source: config.Source): readonly Diagnostic[] => [
  ...(source.budget?.limits ?? []).flatMap(({ cost, observe }, index) => {
    const pointer = below('/budget/limits', index);
    return [
      ...valueMistake(document, below(pointer, 'cost', 'actual'), cost?.actual),
      ...(observe === undefined ? [] : observeMistakes(document, below(pointer, 'observe'), observe)),
    ];
  }),
  ...(source.responses ?? []).flatMap((rule, index) =>
    ruleMistakes(document, below('/responses', index), rule, source),
  ),
];

/** A value stands in one place: a header, or a path of the body. */
function valueMistake(
  document: SourceDocument,
  pointer: string,
  value: config.ReplyValue | undefined,
): readonly Diagnostic[] {
  if (value === undefined) return [];
  const { header, body } = value;
  const path = body === undefined ? [] : bodyPath(document, below(pointer, 'body'), body);
  if ((header === undefined) !== (body === undefined)) return path;
  const place =
    header === undefined ? valuePlace(document, pointer) : keyPlace(document, below(pointer, 'body'));
  const summary =
    header === undefined ? 'no place is given for this value' : 'two places are given for one value';
  return [
    complain('ETL0228', place, summary, {
      label: 'expected one of them',
      help: ['Write `header: NAME`, or `body: PATH` for a value in the JSON body.'],
    }),
    ...path,
  ];
}

const bodyPath = (document: SourceDocument, pointer: string, path: string): readonly Diagnostic[] =>
  pathMistake(path, valuePlace(document, pointer), { each: false, wildcards: true });

function observeMistakes(
  document: SourceDocument,
  pointer: string,
  observe: config.Observe,
): readonly Diagnostic[] {
  return [
    ...matchMistakes(document, pointer, observe),
    ...groups.flatMap((name) => valueMistake(document, below(pointer, name), observe[name])),
    ...pollMistake(document, pointer, observe),
  ];
}

/** A header and the pattern that reads it, with groups that mean something. */
function matchMistakes(
  document: SourceDocument,
  pointer: string,
  { header, match, as }: config.Observe,
): readonly Diagnostic[] {
  if (match === undefined) {
    const alone = header !== undefined ? 'header' : as !== undefined ? 'as' : undefined;
    return alone === undefined ? [] : [matchless(document, below(pointer, alone), alone)];
  }
  if (header === undefined)
    return [
      complain('ETL0227', keyPlace(document, below(pointer, 'match')), '`match` reads no header', {
        label: 'add `header: NAME`',
        help: [matchHelp],
      }),
    ];
  return groupMistakes(document, pointer, match, as);
}

const matchHelp = `\`match\` is a regular expression over \`header\` with named groups: ${groups.join(', ')}; the unit of \`reset\` is said by \`as\`.`;

const matchless = (document: SourceDocument, pointer: string, key: string): Diagnostic =>
  complain('ETL0227', keyPlace(document, pointer), `\`${key}\` means nothing without \`match\``, {
    label: 'add `match`',
    help: [
      matchHelp,
      'A header that holds one number is read with `remaining: {header: NAME}` and the like.',
    ],
  });

function groupMistakes(
  document: SourceDocument,
  pointer: string,
  match: string,
  as: string | undefined,
): readonly Diagnostic[] {
  const names = [...match.matchAll(/\(\?<([A-Za-z_$][\w$]*)>/g)].map(([, name = '']) => name);
  const place = valuePlace(document, below(pointer, 'match'));
  const complainHere = (summary: string, label: string | undefined): Diagnostic =>
    complain('ETL0227', place, summary, { label, help: [matchHelp] });
  if (names.length === 0) return [complainHere('`match` has no named group', 'nothing is read')];
  const found = names
    .filter((name) => !(groups as readonly string[]).includes(name))
    .map((name) =>
      complainHere(`\`match\` has a group \`${name}\` that means nothing`, didYouMean(name, groups)),
    );
  if (names.includes('reset') && as === undefined)
    found.push(complainHere('`match` has a `reset` whose unit is not said', 'add `as`'));
  return found;
}

function pollMistake(
  document: SourceDocument,
  pointer: string,
  observe: config.Observe,
): readonly Diagnostic[] {
  const reads = observe.match !== undefined || groups.some((name) => observe[name] !== undefined);
  if (observe.poll === undefined || reads) return [];
  return [
    complain(
      'ETL0227',
      keyPlace(document, below(pointer, 'poll')),
      'nothing is read from the reply of `poll`',
      {
        label: 'say what stands where',
        help: ['For example: remaining: {body: rates[*].remaining}'],
      },
    ),
  ];
}

function ruleMistakes(
  document: SourceDocument,
  pointer: string,
  { when, limit, until }: config.ResponseRule,
  source: config.Source,
): readonly Diagnostic[] {
  const limits = (source.budget?.limits ?? []).map(({ id }) => id);
  const unknown = limit !== undefined && !limits.includes(limit);
  return [
    ...Object.keys(when.body ?? {}).flatMap((path) =>
      pathMistake(path, keyPlace(document, below(pointer, 'when', 'body', path)), {
        each: false,
        wildcards: true,
      }),
    ),
    ...valueMistake(document, below(pointer, 'until'), until),
    ...(unknown
      ? [
          complain(
            'ETL0229',
            valuePlace(document, below(pointer, 'limit')),
            `there is no limit \`${limit}\``,
            {
              label: didYouMean(limit, limits),
              help: [limits.length > 0 ? `limits: ${listText(limits)}` : 'this source declares no limits'],
            },
          ),
        ]
      : []),
  ];
}
