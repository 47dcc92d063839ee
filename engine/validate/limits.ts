import type * as config from '../model/config.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import type { SourceDocument } from '../model/project.ts';
import { below, complain, keyPlace, placeText, placeWithin, valuePlace } from './places.ts';
import { didYouMean, listText } from './suggest.ts';
import { zoneMistake } from './zones.ts';

const shapes = ['bucket', 'sliding', 'fixed', 'concurrency', 'spacing'] as const;

/** A limit and where it stands. */
interface Here {
  readonly document: SourceDocument;
  readonly pointer: string;
  readonly limit: config.Limit;
}

/** Limits of a source that cannot be kept as they are declared. */
export function limitMistakes(document: SourceDocument, source: config.Source): readonly Diagnostic[] {
  const limits = source.budget?.limits ?? [];
  const first = new Map<string, string>();
  return limits.flatMap((limit, index) => {
    const here = { document, pointer: below('/budget/limits', index), limit };
    return [
      ...idMistake(here, first),
      ...shapeMistake(here),
      ...costMistakes(here),
      ...settingMistakes(here),
      ...zoneMistake(document, below(here.pointer, 'fixed', 'zone'), limit.fixed?.zone),
      ...keyMistakes(here),
      ...streamMistakes(here, Object.keys(source.streams)),
    ];
  });
}

function idMistake({ document, pointer, limit }: Here, first: Map<string, string>): readonly Diagnostic[] {
  const own = below(pointer, 'id');
  const before = first.get(limit.id);
  first.set(limit.id, before ?? own);
  if (before === undefined) return [];
  return [
    complain('ETL0218', valuePlace(document, own), `two limits are called \`${limit.id}\``, {
      label: `first in ${placeText(valuePlace(document, before))}`,
      help: ['Limits are counted by their id; give each its own.'],
    }),
  ];
}

function shapeMistake({ document, pointer, limit }: Here): readonly Diagnostic[] {
  const declared = shapes.filter((shape) => limit[shape] !== undefined);
  if (declared.length === 1) return [];
  const [one, other] = declared;
  const help = [`A limit is one of ${listText(shapes)}; all limits that match a request bind it.`];
  if (one === undefined || other === undefined)
    return [
      complain(
        'ETL0225',
        valuePlace(document, below(pointer, 'id')),
        `the limit \`${limit.id}\` limits nothing`,
        {
          label: 'no shape is declared',
          help: [...help, 'For example: bucket: {rate: 2/s, burst: 40}'],
        },
      ),
    ];
  return [
    complain(
      'ETL0225',
      keyPlace(document, below(pointer, other)),
      `the limit \`${limit.id}\` is \`${one}\` and \`${other}\``,
      { label: 'make it a limit of its own', help },
    ),
  ];
}

/** What there is of a limit at most, and the key that says so. */
function mostOf({ bucket, sliding, fixed, concurrency, spacing }: config.Limit): readonly [number, string] {
  if (bucket) return [bucket.burst ?? 1, `a burst of ${bucket.burst ?? 1}`];
  if (spacing !== undefined) return [1, '1 at a time'];
  const count = sliding?.limit ?? fixed?.limit ?? concurrency?.limit ?? Number.POSITIVE_INFINITY;
  return [count, `a limit of ${count}`];
}

function costMistakes({ document, pointer, limit }: Here): readonly Diagnostic[] {
  const { estimate, byMethod = {} } = limit.cost ?? {};
  const [most, text] = mostOf(limit);
  const costs: readonly (readonly [number | undefined, readonly string[]])[] = [
    [estimate, ['estimate']],
    ...Object.entries(byMethod).map(([method, cost]) => [cost, ['byMethod', method]] as const),
  ];
  return costs
    .filter(([cost]) => cost !== undefined && cost > most)
    .map(([cost, keys]) =>
      complain(
        'ETL0226',
        valuePlace(document, below(pointer, 'cost', ...keys)),
        `a request that costs ${cost} never fits into \`${limit.id}\``,
        {
          label: `there is ${text}`,
          help: ['No permit could ever be given; raise the limit, or lower the cost.'],
        },
      ),
    );
}

/** Settings that mean nothing for the shape. */
function settingMistakes(here: Here): readonly Diagnostic[] {
  const { pace, fixed, sliding } = here.limit;
  const found: Diagnostic[] = [];
  if (pace === 'even' && fixed === undefined && sliding === undefined)
    found.push(misfit(here, ['pace'], 'spreads what is left of a window', 'only for fixed and sliding'));
  const isDuration = /^\d/.test(fixed?.per ?? '');
  const hasDays = ['day', 'week', 'month'].includes(fixed?.per ?? '');
  if (fixed?.zone !== undefined && isDuration)
    found.push(misfit(here, ['fixed', 'zone'], 'has no part in a duration', 'only for the calendar'));
  if (fixed?.reset !== undefined && !hasDays)
    found.push(misfit(here, ['fixed', 'reset'], 'says when a day begins', 'only for day, week and month'));
  return found;
}

const misfit = (
  { document, pointer, limit }: Here,
  keys: readonly string[],
  meaning: string,
  label: string,
): Diagnostic =>
  complain(
    'ETL0232',
    keyPlace(document, below(pointer, ...keys)),
    `\`${keys.at(-1)}\` does not fit the limit \`${limit.id}\``,
    { label, help: [`\`${keys.at(-1)}\` ${meaning}; remove it here.`] },
  );

const placeholders = ['stream', 'account', 'method', 'path', 'query.NAME', 'header.NAME'];
const known = /^(?:stream|account|method|path|query\..+|header\..+)$/;

function keyMistakes({ document, pointer, limit }: Here): readonly Diagnostic[] {
  return (limit.key ?? []).flatMap((template, index) => {
    const place = valuePlace(document, below(pointer, 'key', index));
    const unknown = [...template.matchAll(/\{([^{}]*)\}/g)].filter(([, name = '']) => !known.test(name));
    return unknown.map(([text, name = '']) =>
      complain(
        'ETL0230',
        placeWithin(place, template, template.indexOf(text), text.length),
        `a key knows no \`${text}\``,
        {
          label: didYouMean(name, placeholders.slice(0, 4)),
          help: [`Placeholders: ${placeholders.map((one) => `{${one}}`).join(', ')}.`],
        },
      ),
    );
  });
}

function streamMistakes(
  { document, pointer, limit }: Here,
  streams: readonly string[],
): readonly Diagnostic[] {
  return (limit.when?.stream ?? []).flatMap((stream, index) =>
    streams.includes(stream)
      ? []
      : complain(
          'ETL0231',
          valuePlace(document, below(pointer, 'when', 'stream', index)),
          `the limit \`${limit.id}\` binds a stream \`${stream}\` that this source has not`,
          { label: didYouMean(stream, streams), help: [`streams: ${listText(streams)}`] },
        ),
  );
}
