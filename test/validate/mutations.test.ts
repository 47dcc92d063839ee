import { expect } from 'chai';
import fc from 'fast-check';
import { hasErrors } from '../../engine/model/diagnostic.ts';
import type { ProjectFiles } from '../../engine/model/project.ts';
import { readDocument } from '../../engine/read/document.ts';
import { diagnosticText } from '../../engine/report/diagnostic-text.ts';
import { validateProject } from '../../engine/validate/validate.ts';
import { text } from '../support/root.ts';

const valid: { readonly [file: string]: string } = {
  'etl.yml':
    'kind: project\nname: p\nvars: {shop: acme}\npii: {key: "${env:K}"}\nenvironments:\n  dev: {}\n  test:\n    extends: dev\n',
  'mappings/lines.yml': `kind: mapping
name: lines
from: shop.orders
each: line_items
where: {"$parent.test": {ne: true}}
to: {schema: main, table: lines}
load: {key: [id]}
properties:
  id: {from: id, type: string, required: true}
  price: {from: price, type: "decimal(18,2)", transform: [trim, {shift: -2}]}
  email:
    from: $parent.email
    type: string
    pii: hmac
checks:
  - {kind: range, column: price, min: 0}
`,
  'sources/shop.yml': `kind: source
name: shop
baseUrl: "https://\${var:shop}.example.com"
auth:
  type: bearer
  token: "\${env:T}"
streams:
  orders:
    request: {path: /orders.json}
    records: &records "data.orders"
    primaryKey: [id]
    paginate: {type: next_url, path: links.next}
    cursor:
      field: at
      start: 2026-01-01T00:00:00Z
      from: {query: since}
`,
};

const schema: unknown = JSON.parse(text('schema.json'));

/** The project with one file replaced: what was read, and the rest of what `readProject` would give. */
function check(changed: string, content: string) {
  const texts = { ...valid, [changed]: content };
  const read = Object.entries(texts).map(([file, source]) => ({
    file,
    found: readDocument(file, source),
    text: source,
  }));
  const files: ProjectFiles = {
    folder: '/project',
    documents: read.flatMap(({ found }) => ('file' in found ? found : [])),
    unread: read.flatMap(({ file, found, text: source }) => ('file' in found ? [] : { file, text: source })),
    schema,
    templates: {},
    ownTemplates: [],
    connectors: { folder: '/connectors', packaged: [], documents: new Map() },
  };
  const diagnostics = read.flatMap(({ found }) => ('file' in found ? [] : found));
  return validateProject(files, { read: diagnostics });
}

const garbage = fc.oneof(
  fc.string({ maxLength: 12 }),
  fc.constantFrom(
    '&a',
    '*a',
    '- ',
    '? ',
    ': ',
    '{',
    '}',
    '[',
    ']',
    '"',
    "'",
    '|',
    '>',
    '\t',
    '<<: *records',
    '!!x',
    '${',
    '%',
    '#',
    '---',
    '\u0000',
    '👍',
    '__proto__: 1',
    'kind: test',
    '1.10',
    '~',
  ),
);

const edit = fc.record({
  file: fc.constantFrom(...Object.keys(valid)),
  at: fc.nat(),
  kind: fc.constantFrom('delete', 'insert', 'indent', 'line'),
  text: garbage,
});

function mutated({
  file,
  at,
  kind,
  text: inserted,
}: {
  file: string;
  at: number;
  kind: string;
  text: string;
}): string {
  const before = valid[file] ?? '';
  const lines = before.split('\n');
  const line = at % lines.length;
  if (kind === 'delete') return lines.toSpliced(line, 1).join('\n');
  if (kind === 'line') return lines.toSpliced(line, 0, inserted).join('\n');
  if (kind === 'indent') return lines.with(line, ` ${lines[line]}`).join('\n');
  const offset = at % (before.length + 1);
  return before.slice(0, offset) + inserted + before.slice(offset);
}

describe('a mutation of a valid file', () => {
  it('is of a project that is valid', () => {
    expect(check('etl.yml', valid['etl.yml'] ?? '').diagnostics).to.deep.equal([]);
  });

  it('gives a project, or an error with a place inside a file, and never throws', () => {
    fc.assert(
      fc.property(edit, (change) => {
        const content = mutated(change);
        const { project, diagnostics } = check(change.file, content);
        expect(project !== undefined).to.equal(!hasErrors(diagnostics));
        for (const diagnostic of diagnostics) {
          const { file = '', line = 0, column = 0, text: shown = '' } = diagnostic.place ?? {};
          const lines = (file === change.file ? content : (valid[file] ?? '')).split('\n');
          expect(line, JSON.stringify(diagnostic)).to.be.within(1, lines.length);
          expect(column).to.be.within(1, (lines[line - 1]?.length ?? 0) + 1);
          expect(shown.length).to.equal(lines[line - 1]?.replace(/\r$/, '').length);
          expect(diagnosticText(diagnostic, true)).to.contain(diagnostic.code);
        }
      }),
      { numRuns: Number(process.env['MUTATIONS'] ?? 400) },
    );
  });
});
