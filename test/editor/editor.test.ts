import { rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Project } from '../../engine/model/project.ts';
import { projectNames, projectSchema } from '../../engine/operations/project-schema.ts';
import { LanguageServer } from '../support/language-server.ts';
import { root, text } from '../support/root.ts';

const modeline = `# yaml-language-server: $schema=${join(root, 'schema.json')}\n`;

const source = `${modeline}kind: source
name: shop
baseUrl: http://127.0.0.1:4010
auth:
  type: bearer
  token: "\${env:TOKEN}"
streams:
  orders:
    request:
      path: /orders.json
    primaryKey: [id]
    cursor:
      field: updated_at
      lookback: 5m
      from: {query: since}
`;

const mapping = `${modeline}kind: mapping
name: orders
from: shop.orders
load: {key: [id]}
properties:
  id: {from: id, type: string}
`;

/** The place of `|` in a text, as an editor counts, and the text without it. */
function cursor(text: string): { readonly text: string; readonly line: number; readonly character: number } {
  const before = text.slice(0, text.indexOf('|')).split('\n');
  return { text: text.replace('|', ''), line: before.length - 1, character: before.at(-1)?.length ?? 0 };
}

describe('an editor with the YAML extension', () => {
  const server = new LanguageServer();
  let opened = 0;

  before(() => server.start());
  after(() => server.stop());

  function open(text: string) {
    opened += 1;
    return server.open(`file-${opened}.yml`, text);
  }

  async function completions(marked: string): Promise<readonly string[]> {
    const { text, line, character } = cursor(marked);
    const { uri } = await open(text);
    const answer = await server.request('textDocument/completion', {
      textDocument: { uri },
      position: { line, character },
    });
    return (answer as { items: { label: string }[] }).items.map(({ label }) => label);
  }

  async function hover(marked: string): Promise<string> {
    const { text, line, character } = cursor(marked);
    const { uri } = await open(text);
    const answer = await server.request('textDocument/hover', {
      textDocument: { uri },
      position: { line, character },
    });
    return JSON.stringify((answer as { contents?: unknown } | null)?.contents ?? '');
  }

  const messages = async (text: string): Promise<readonly string[]> =>
    (await open(text)).found.map(({ message, range }) => `${range.start.line + 1}: ${message}`);

  describe('in a project whose schema has its names', () => {
    const path = join(tmpdir(), `sluice-${process.pid}-schema.json`);
    const line = `# yaml-language-server: $schema=${path}\n`;
    const project = {
      sources: [{ name: 'shop', streams: { orders: {}, items: { tags: ['slow'] } } }],
      mappings: [{ name: 'order_lines', tags: ['finance'], properties: { line_id: {}, price: {} } }],
    } as unknown as Project;

    before(() => {
      const schema: unknown = JSON.parse(text('schema.json'));
      writeFileSync(path, JSON.stringify(projectSchema(schema, projectNames(project, ['dev', 'test'], []))));
    });
    after(() => rmSync(path, { force: true }));

    const mine = (marked: string): Promise<readonly string[]> => completions(line + marked);

    it('offers streams, mappings, columns and tags where they belong', async () => {
      expect(await mine('kind: mapping\nname: a\nfrom: |')).to.include.members(['shop.orders', 'shop.items']);
      expect(await mine('kind: test\nname: a\nmapping: |')).to.include('order_lines');
      expect(await mine('kind: mapping\nname: a\nload:\n  key:\n    - |')).to.include.members([
        'line_id',
        'price',
      ]);
      expect(await mine('kind: mapping\nname: a\ntags:\n  - |')).to.include.members(['finance', 'slow']);
      const check = 'kind: mapping\nname: a\nchecks:\n  - kind: not_null\n    column: |';
      expect(await mine(check)).to.include('price');
    });

    it('offers the columns of rows in a test as keys', async () => {
      const test =
        'kind: test\nname: a\nmapping: order_lines\ncases:\n  - name: b\n    records: [{}]\n    rows:\n      - |';
      expect(await mine(test)).to.include.members(['line_id', 'price']);
    });

    it('underlines no name that is new, and still one that cannot be', async () => {
      const made = mapping.replace(modeline, line);
      expect(await messages(made)).to.deep.equal([]);
      expect(await messages(made.replace('shop.orders', '"not a stream"'))).to.have.length(1);
    });
  });

  it('underlines nothing in valid files', async () => {
    expect(await messages(source)).to.deep.equal([]);
    expect(await messages(mapping)).to.deep.equal([]);
  });

  it('underlines a misspelt choice once, with the valid values', async () => {
    const found = await messages(source.replace('type: bearer', 'type: bearr'));
    expect(found).to.have.length(1);
    expect(found[0]).to.match(/^6: .*none.*api_key.*bearer.*basic/);
  });

  it('says what a rate looks like in words', async () => {
    const found = await messages(source.replace('lookback: 5m', 'lookback: 5 minutes'));
    expect(found).to.deep.equal(['15: a duration such as 250ms, 5m or 24h']);
  });

  it('offers the kinds of a file', async () => {
    expect(await completions(`${modeline}kind: |\n`)).to.include.members([
      'project',
      'source',
      'mapping',
      'test',
    ]);
  });

  it('offers the kinds of authentication', async () => {
    const found = await completions(source.replace('type: bearer', 'type: |'));
    expect(found).to.include.members(['none', 'api_key', 'bearer', 'basic']);
  });

  it('offers the kinds of paging', async () => {
    const found = await completions(
      source.replace('    cursor:', '    paginate:\n      type: |\n    cursor:'),
    );
    expect(found).to.include.members(['link_header', 'next_url', 'cursor_token', 'page', 'offset']);
  });

  it('offers the keys of a stream that are not there yet', async () => {
    const found = await completions(source.replace('    cursor:', '    |\n    cursor:'));
    expect(found).to.include.members(['records', 'paginate', 'pagesMax', 'lab']);
    expect(found).not.to.include('baseUrl');
  });

  it('offers the keys of a property', async () => {
    const found = await completions(mapping.replace('{from: id, type: string}', '\n    from: id\n    |\n'));
    expect(found).to.include.members(['type', 'required', 'transform', 'pii']);
  });

  it('offers the types of a column', async () => {
    const found = await completions(
      mapping.replace('{from: id, type: string}', '\n    from: id\n    type: |\n'),
    );
    expect(found).to.include.members(['string', 'timestamp']);
  });

  it('explains a key under the pointer', async () => {
    expect(await hover(source.replace('lookback', 'look|back'))).to.contain(
      'How far before its cursor each run starts again',
    );
    expect(await hover(source.replace('auth:', 'au|th:'))).to.contain('How requests authenticate');
  });
});
