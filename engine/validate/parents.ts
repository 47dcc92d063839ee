import type * as config from '../model/config.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import { below, complain, type Here, keyPlace, valuePlace } from './places.ts';
import { didYouMean, listText } from './suggest.ts';

/** A stream is read for records of another one, which is not read for records of it. */
export function parentMistakes(
  { document, pointer, stream }: Here,
  name: string,
  source: config.Source,
): readonly Diagnostic[] {
  const { parent } = stream;
  if (parent === undefined) return [];
  const others = Object.keys(source.streams).filter((other) => other !== name);
  const place = valuePlace(document, below(pointer, 'parent', 'stream'));
  const found: Diagnostic[] = [];
  if (!others.includes(parent.stream))
    found.push(
      complain('ETL0201', place, `the source \`${source.name}\` has no other stream \`${parent.stream}\``, {
        label: didYouMean(parent.stream, others),
        help: [`streams of ${source.name}: ${listText(others)}`],
      }),
    );
  else if (isBelow(source, parent.stream, name))
    found.push(
      complain('ETL0237', place, `\`${name}\` and \`${parent.stream}\` are read for each other`, {
        help: ['One of them must be read by itself.'],
      }),
    );
  return [...found, ...batchMistakes({ document, pointer, stream }, parent)];
}

/** What is said of a batch of parents is said of none of them. */
function batchMistakes({ document, pointer, stream }: Here, parent: config.Parent): readonly Diagnostic[] {
  const { cursor } = stream;
  if ((parent.batch ?? 1) === 1) return [];
  const mistake = (key: string, summary: string, help: string): Diagnostic =>
    complain('ETL0237', keyPlace(document, below(pointer, ...key.split('/'))), summary, { help: [help] });
  return [
    ...(parent.gone === undefined
      ? []
      : [
          mistake(
            'parent/gone',
            '`gone` means nothing of several parents at once',
            'A status is said of the whole request: remove `gone`, or ask for each with `batch: 1`.',
          ),
        ]),
    ...(cursor === undefined || (cursor.type ?? 'timestamp') === 'timestamp'
      ? []
      : [
          mistake(
            'cursor',
            'several parents at once have a common position only in time',
            'What one of them has reached by a number or a text says nothing of the others: ask for each with `batch: 1`.',
          ),
        ]),
  ];
}

/** Whether a stream has another one above it. */
function isBelow({ streams }: config.Source, name: string, above: string): boolean {
  const seen = new Set<string>();
  for (
    let at: string | undefined = name;
    at !== undefined && !seen.has(at);
    at = streams[at]?.parent?.stream
  ) {
    if (at === above) return true;
    seen.add(at);
  }
  return false;
}
