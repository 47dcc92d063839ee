import { spawnSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { projectFolder } from '../support/cli.ts';
import { root, text } from '../support/root.ts';

interface Block {
  readonly kind: string;
  readonly lines: readonly string[];
}

/** The blocks of a page that are there to be done: commands, and files that say where they belong. */
const blocksOf = (page: string): readonly Block[] =>
  [...page.matchAll(/```(sh|yaml)\n([\s\S]*?)```/g)].map(([, kind = '', content = '']) => ({
    kind,
    lines: content.trimEnd().split('\n'),
  }));

describe('docs/tutorial.md', function () {
  this.timeout(300_000);

  it('does what it says, command by command', () => {
    const home = projectFolder({ 'bin/.keep': '' });
    symlinkSync(join(root, 'bin/etl.js'), join(home, 'bin/etl'));
    const who = { GIT_AUTHOR_NAME: 'a', GIT_AUTHOR_EMAIL: 'a@example.com' };
    const env = {
      ...who,
      GIT_COMMITTER_NAME: 'a',
      GIT_COMMITTER_EMAIL: 'a@example.com',
      PATH: `${join(home, 'bin')}:${process.env['PATH']}`,
      HOME: home,
      NO_COLOR: '1',
    };
    let folder = home;
    const said = new Map<string, string>();
    const command = (line: string): void => {
      if (line.startsWith('cd ')) {
        folder = join(folder, line.slice(3));
        return;
      }
      const [, words = '', expected = '0'] = /^(.*?)(?:\s+#(?: exit code (\d+):)?.*)?$/.exec(line) ?? [];
      const { status, stdout, stderr } = spawnSync('bash', ['-c', words], {
        cwd: folder,
        env,
        encoding: 'utf8',
      });
      expect(status, `${words}\n${stdout}${stderr}`).to.equal(Number(expected));
      said.set(words, stdout + stderr);
    };
    const file = ([first = '', ...lines]: readonly string[]): void => {
      const path = join(folder, first.replace(/^# /, ''));
      mkdirSync(join(path, '..'), { recursive: true });
      writeFileSync(path, `${lines.join('\n')}\n`);
    };
    for (const { kind, lines } of blocksOf(text('docs/tutorial.md')))
      if (kind === 'sh') lines.forEach(command);
      else file(lines);
    expect(said.get('etl test')).to.contain("row 1, sku: expected 'MUG', found 'mug' (string)");
    expect(said.get('etl plan --lab --select state:modified')).to.contain('new column currency');
    expect(said.get('etl replay --base main --lab')).to.match(/^ {2}sku: .*\n {2}currency: new column/m);
    expect(said.get('etl audit --lab')).to.contain('Accounted for: 100 % of 7 units.');
  });
});
