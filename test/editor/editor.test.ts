import { join } from 'node:path';
import { expect } from 'chai';
import { LanguageServer } from '../support/language-server.ts';
import { root } from '../support/root.ts';

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
