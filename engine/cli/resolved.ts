import type { Checked } from '../engine.ts';
import { complaint, RefusedError } from '../model/errors.ts';
import type { Project, SourceDocument } from '../model/project.ts';
import { resolvedText } from '../read/resolved-text.ts';
import { didYouMean, listText } from '../validate/suggest.ts';

type Valid = Checked & { readonly project: Project };

/** A source or mapping with all that it takes from elsewhere. */
export interface Resolved {
  readonly name: string;
  readonly value: object;
  readonly text: string;
}

const nameOf = ({ value }: SourceDocument): unknown => (value as { readonly name?: unknown } | null)?.name;
const kindOf = ({ value }: SourceDocument): unknown => (value as { readonly kind?: unknown } | null)?.kind;

/**
 * The source or mapping of a name or file, its connector, defaults and variables filled in, with the place of every value.
 * @throws RefusedError (exit 3) when there is none
 */
export function resolved({ project, documents }: Valid, wanted: string): Resolved {
  const declared = documents.filter((one) => kindOf(one) === 'source' || kindOf(one) === 'mapping');
  const document =
    declared.find((one) => one.file === wanted) ?? declared.find((one) => nameOf(one) === wanted);
  if (document === undefined) throw unknown(wanted, declared);
  const all: readonly { readonly name: string }[] =
    kindOf(document) === 'source' ? project.sources : project.mappings;
  const value = all.find(({ name }) => name === nameOf(document)) ?? {};
  return { name: String(nameOf(document)), value, text: resolvedText(value, originIn(document)) };
}

/** Where a value was written: its own line, or that of the list that it stands in. */
const originIn =
  (document: SourceDocument) =>
  (pointer: string): string => {
    const place = document.nodes.get(pointer)?.value ?? document.nodes.get(`${pointer}/0`)?.value;
    return place === undefined ? 'a default of the project' : `${place.file}:${place.line}`;
  };

function unknown(wanted: string, declared: readonly SourceDocument[]): RefusedError {
  const names = declared.map((one) => String(nameOf(one)));
  const guess = didYouMean(wanted, names);
  return new RefusedError('invalid', [
    complaint(
      'ETL0903',
      `there is no source or mapping ${wanted}${guess === undefined ? '' : `: ${guess}`}`,
      `The project has: ${listText(names)}.`,
    ),
  ]);
}
