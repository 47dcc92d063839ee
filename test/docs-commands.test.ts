import { expect } from 'chai';
import { commands, loadCommands } from '../engine/cli/commands.ts';
import { text } from './support/root.ts';
import { tree } from './support/tree.ts';

interface Known {
  readonly args?: object;
  readonly flags?: object;
}

await loadCommands('all of them');
const known = commands as Readonly<Record<string, Known>>;

/** Command lines of a page, in code spans and blocks: what stands behind `etl`. */
function linesOf(page: string): readonly string[] {
  const blocks = [...page.matchAll(/```(?:sh)?\n([\s\S]*?)```/g)].flatMap(([, block = '']) =>
    block.split('\n'),
  );
  const spans = [...page.replace(/```[\s\S]*?```/g, '').matchAll(/`([^`]+)`/g)].map(([, span = '']) =>
    span.replace(/\s+/g, ' '),
  );
  return [...blocks, ...spans].flatMap(
    (line) => /^(?:npx )?etl (.*?)(?:\s+#.*)?$/.exec(line.trim())?.[1] ?? [],
  );
}

/** What is wrong with a command line of a page; undefined when there is such a command with such flags. */
function mistake(line: string): string | undefined {
  const [first = '', second = ''] = line.split(' ');
  if (/^(?:-|COMMAND|\.\.\.|…)/.test(first)) return undefined;
  const name = `${first}:${second}` in known ? `${first}:${second}` : first;
  const command = known[name];
  if (command === undefined) return `etl ${line}: there is no command ${first}`;
  const flags = [...line.matchAll(/--([a-z][\w-]*)/g)].map(([, flag = '']) => flag);
  const strange = flags.find((flag) => flag !== 'help' && !(flag in (command.flags ?? {})));
  return strange === undefined ? undefined : `etl ${line}: ${name} has no flag --${strange}`;
}

describe('the command lines of the pages', () => {
  for (const page of tree.filter((path) =>
    /^(?:README|CHANGELOG|CONTRIBUTING|docs\/[\w-]+)\.md$/.test(path),
  )) {
    it(`are ones that there are: ${page}`, () => {
      expect(linesOf(text(page)).flatMap((line) => mistake(line) ?? [])).to.deep.equal([]);
    });
  }

  it('are told from mistakes', () => {
    const lines = linesOf(
      'Try `etl state show`, `etl stat`,\n```sh\nnpx etl run --lab   # from the lab\netl run --loud\n```\n',
    );
    expect(lines).to.have.members(['state show', 'stat', 'run --lab', 'run --loud']);
    expect(lines.flatMap((line) => mistake(line) ?? [])).to.have.members([
      'etl stat: there is no command stat',
      'etl run --loud: run has no flag --loud',
    ]);
  });
});

describe('docs/operations.md', () => {
  it('names codes that there are, and links to headings of its own', () => {
    const page = text('docs/operations.md');
    const codes = page.match(/ETL\d{4}/g) ?? [];
    const documented = text('docs/diagnostics.md');
    expect(codes.filter((code) => !documented.includes(`## ${code} `))).to.deep.equal([]);
    const anchors = [...page.matchAll(/^#+ (.*)$/gm)].map(([, title = '']) =>
      title
        .toLowerCase()
        .replace(/[^\w -]/g, '')
        .replaceAll(' ', '-'),
    );
    const links = [...page.matchAll(/\]\(#([\w-]+)\)/g)].map(([, anchor = '']) => anchor);
    expect(links.filter((anchor) => !anchors.includes(anchor))).to.deep.equal([]);
  });
});
