import { Document, isMap, isSeq, visit } from 'yaml';
import type * as config from '../model/config.ts';

/** Begins every file that `etl discover` owns: it overwrites no other. */
export const ownership = '# Written by `etl discover`, which owns this file';

const layout = { lineWidth: 0, flowCollectionPadding: false } as const;
/** Longest property that stays on a line. */
const lineCharactersMax = 160;

const heading = (rest: string): string => `${ownership.slice(1)}${rest}`;

/** A catalog as a file: a property a line, and an option a line, so that a difference is a line of a pull request. */
export function catalogText(catalog: config.Catalog): string {
  const document = new Document(catalog, { aliasDuplicateObjects: false });
  document.commentBefore = heading(
    ': what the records of a source have, and which column each property keeps.',
  );
  visit(document, {
    Map: (_, node) => {
      const options = node.get('options', true);
      if (node.has('column') && node.has('path')) node.flow = !isSeq(options);
      else if (node.has('value') && !node.has('column')) node.flow = true;
    },
    Seq: (_, node, path) => {
      const pair = path.at(-1);
      if (pair !== undefined && 'key' in pair && String(pair.key) === 'previously') node.flow = true;
    },
  });
  return document.toString(layout);
}

/** A file of properties, a line each. */
export function propertiesText(properties: config.Properties): string {
  const document = new Document(properties, { aliasDuplicateObjects: false });
  document.commentBefore = heading(
    ': it makes it of the catalog anew.\n What a mapping writes itself wins: change it there, not here.',
  );
  const all = document.get('properties', true);
  for (const { value } of isMap(all) ? all.items : [])
    if (isMap(value)) value.flow = JSON.stringify(value.toJSON()).length <= lineCharactersMax;
  return document.toString(layout);
}
