import { expect } from 'chai';
import { parseAllDocuments } from 'yaml';
import { instruments, publicName } from '../engine/services/metrics/instruments.ts';
import { checkFiles } from './support/check-files.ts';
import { text } from './support/root.ts';
import { pieceChecker, withoutEllipses } from './support/schema-pieces.ts';
import { tree } from './support/tree.ts';

/** Every YAML block of a page. */
const blocksOf = (page: string): string[] =>
  [...text(page).matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, block = '']) => block);

/** The YAML blocks of a page that are whole files. */
const filesOf = (page: string): string[] =>
  [...text(page).matchAll(/```yaml\n([\s\S]*?)```/g)]
    .map(([, block = '']) => block)
    .filter((block) => /^kind:/m.test(block));

const nameOf = (block: string, at: number): string => {
  const kind = /^kind: (\w+)/m.exec(block)?.[1];
  return kind === 'project' ? 'etl.yml' : `${kind}s/${at}.yml`;
};

describe('the pages', () => {
  for (const page of ['README.md', 'docs/guide.md']) {
    it(`show valid files: ${page}`, async () => {
      const blocks = filesOf(page);
      const files = Object.fromEntries(blocks.map((block, at) => [nameOf(block, at), block]));
      const { diagnostics } = await checkFiles({ 'etl.yml': 'kind: project\nname: demo\n', ...files });
      expect(blocks.length).to.be.above(1);
      expect(
        diagnostics.map(({ code, summary, place }) => `${code} ${place?.file}:${place?.line} ${summary}`),
      ).to.deep.equal([]);
    });
  }
});

describe('docs/testing.md', () => {
  it('shows valid fixtures of the project of the guide', async () => {
    const project = filesOf('docs/guide.md').filter((block) => !block.startsWith('kind: test'));
    const blocks = [...project, ...filesOf('docs/testing.md')];
    const files = Object.fromEntries(blocks.map((block, at) => [nameOf(block, at), block]));
    const { diagnostics } = await checkFiles(files);
    expect(blocks.length).to.be.above(project.length);
    expect(diagnostics.map(({ code, place }) => `${code} ${place?.file}:${place?.line}`)).to.deep.equal([]);
  });
});

const inSource = (piece: string): string => `kind: source
name: shop
baseUrl: https://api.shop.example/v1
${piece}
streams:
  orders: {request: {path: /orders}, records: orders, primaryKey: [id]}
`;

/** Reads every stream of a source, so that none is reported as unused. */
const mappingsOf = (source: string): Readonly<Record<string, string>> => {
  const name = /^name: (\w+)/m.exec(source)?.[1] ?? '';
  const streams = [...source.matchAll(/^ {2}(\w+):(?: \{request|\n {4}request)/gm)].map(
    ([, stream = '']) => stream,
  );
  return Object.fromEntries(
    streams.map((stream) => [
      `mappings/${stream}.yml`,
      `kind: mapping\nname: ${stream}\nfrom: ${name}.${stream}\nload: {key: [id]}\nproperties:\n  id: {from: id, type: string}\n`,
    ]),
  );
};

describe('every YAML block of the pages', () => {
  const isPiece = pieceChecker(JSON.parse(text('schema.json')));
  const pages = tree.filter((path) => /^(?:README|CONTRIBUTING|docs\/[\w-]+|connectors\/.*)\.md$/.test(path));

  for (const page of pages.filter((path) => blocksOf(path).length > 0)) {
    it(`could stand in a file of a project: ${page}`, () => {
      const strange = blocksOf(page).filter((block) => {
        // Variables are filled in before a file is compared with the schema.
        const filled = block.replace(/\$\{var:\w+\}/g, 'x');
        const documents = parseAllDocuments(filled, { uniqueKeys: !block.includes('ETL0003') });
        return documents.some(
          (document) => document.errors.length > 0 || !isPiece(withoutEllipses(document.toJS())),
        );
      });
      // What shows a mistake says which.
      expect(strange.filter((block) => !/ETL\d{4}/.test(block))).to.deep.equal([]);
    });
  }

  it('is told from what could not', () => {
    expect(isPiece({ paginate: { type: 'page', size: 50 } })).to.equal(true);
    expect(isPiece({ paginate: { type: 'pages', size: 50 } })).to.equal(false);
    expect(isPiece({ paginat: { type: 'page' } })).to.equal(false);
    expect(isPiece([{ id: 'points', bucket: { rate: '50/s' } }])).to.equal(true);
    expect(isPiece([{ id: 'points', buckets: { rate: '50/s' } }])).to.equal(false);
  });
});

describe('docs/limits.md', () => {
  for (const [at, block] of blocksOf('docs/limits.md').entries()) {
    it(`shows valid YAML: block ${at + 1}`, async () => {
      const whole = /^kind: (\w+)/m.exec(block)?.[1];
      const source = whole === undefined ? inSource(block) : block;
      const files: Readonly<Record<string, string>> =
        whole === 'project'
          ? { 'etl.yml': block }
          : { 'etl.yml': 'kind: project\nname: demo\n', 'sources/shop.yml': source, ...mappingsOf(source) };
      const { diagnostics } = await checkFiles(files);
      expect(
        diagnostics.map(({ code, summary, place }) => `${code} ${place?.file}:${place?.line} ${summary}`),
      ).to.deep.equal([]);
    });
  }

  it('lists every metric with its labels', () => {
    const rows = instruments.map(
      (one) =>
        `| \`${publicName(one)}\` | ${one.kind} | ${one.labels.map((label) => `\`${label}\``).join(', ')} | ${one.help} |`,
    );
    expect(text('docs/limits.md')).to.contain(`|---|---|---|---|\n${rows.join('\n')}\n\n`);
  });
});
