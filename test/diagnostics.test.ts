import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { root, text } from './support/root.ts';

const codesIn = (source: string): readonly string[] => source.match(/ETL\d{4}/g) ?? [];

function codesOfEngine(): ReadonlySet<string> {
  const sources = ['engine', 'connectors']
    .flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((file) =>
        join(root, folder, file),
      ),
    )
    .filter((file) => file.endsWith('.ts'));
  return new Set(sources.flatMap((file) => codesIn(readFileSync(file, 'utf8'))));
}

const documented = (): readonly string[] =>
  [...text('docs/diagnostics.md').matchAll(/^## (ETL\d{4})\b/gm)].map((found) => found[1] ?? '');

describe('docs/diagnostics.md', () => {
  it('explains every code that the engine uses, and no other', () => {
    expect([...codesOfEngine()].sort()).to.deep.equal([...documented()].sort());
  });

  it('has its entries in order, each once', () => {
    expect(documented()).to.deep.equal([...new Set(documented())].sort());
  });
});
