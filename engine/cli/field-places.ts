import type * as config from '../model/config.ts';
import type { Diagnostic, Place } from '../model/diagnostic.ts';
import type { SourceDocument } from '../model/project.ts';

/** The lines of a mapping at which a field of its records is read. APIs name only the end of a path. */
function placesIn({ value, nodes }: SourceDocument, name: string): readonly Place[] {
  const { properties } = value as config.Mapping;
  const reads = ({ from = '' }: config.Property): boolean => from === name || from.endsWith(`.${name}`);
  return Object.entries(properties).flatMap(([column, property]) => {
    const node = reads(property) ? nodes.get(`/properties/${column}`) : undefined;
    return node === undefined ? [] : [node.key ?? node.value];
  });
}

const readsStream = ({ value }: SourceDocument, stream: string): boolean => {
  const { kind, from } = value as config.Mapping;
  return kind === 'mapping' && from === stream;
};

/** Diagnostics of a run, each that is about a field with the line that asks for it, be it in a file that a mapping uses. */
export const withFieldPlaces = (
  diagnostics: readonly Diagnostic[],
  documents: readonly SourceDocument[],
): readonly Diagnostic[] =>
  diagnostics.map((one) => {
    const { field } = one;
    if (field === undefined) return one;
    const readers = documents.filter((document) => readsStream(document, field.stream));
    const [place] = readers.flatMap((document) => placesIn(document, field.name));
    return place === undefined ? one : { ...one, place, label: 'asked for here' };
  });
