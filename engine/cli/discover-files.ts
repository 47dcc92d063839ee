import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { catalogText, ownership, propertiesText } from '../engine.ts';
import { complaint, RefusedError } from '../model/errors.ts';
import type { Discovered } from '../operations/discover/discover.ts';
import type { DiscoveredFile } from '../report/discover-text.ts';

interface Wanted extends DiscoveredFile {
  readonly text: string;
}

/** The files as they should be, beside those that there are. @throws RefusedError (exit 4) for one that somebody has written */
export function discoveredFiles(folder: string, catalog: string, found: Discovered): readonly Wanted[] {
  const texts = new Map([[catalog, catalogText(found.catalog)]]);
  for (const [file, properties] of found.files) texts.set(file, propertiesText(properties));
  return [...texts].map(([file, text]) => {
    const now = existsSync(join(folder, file)) ? readFileSync(join(folder, file), 'utf8') : undefined;
    if (now !== undefined && !now.startsWith(ownership)) throw notOurs(file);
    return { file, text, state: now === undefined ? 'new' : now === text ? 'unchanged' : 'changed' };
  });
}

export function writeDiscovered(folder: string, files: readonly Wanted[]): void {
  for (const { file, text, state } of files) {
    if (state === 'unchanged') continue;
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), text);
  }
}

const notOurs = (file: string): RefusedError =>
  new RefusedError('refused', [
    complaint(
      'ETL1052',
      `${file} was not written by \`etl discover\``,
      `It does not begin with "${ownership}", and is left as it is; so are the others.`,
      'Give it another name, or let the mapping use another file.',
    ),
  ]);
