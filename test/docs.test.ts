import { expect } from 'chai';
import { checkFiles } from './support/check-files.ts';
import { text } from './support/root.ts';

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
