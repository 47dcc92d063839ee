import { spawnSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { warm } from '../../bench/support/warm.ts';
import { projectFolder } from './cli.ts';
import { root } from './root.ts';

interface Block {
  readonly kind: string;
  /** Where the text belongs, if the block says so in its first line of Markdown. */
  readonly file: string | undefined;
  readonly lines: readonly string[];
}

/** The blocks of a page that are there to be done: commands, and files that say where they belong. */
const blocksOf = (page: string): readonly Block[] =>
  [...page.matchAll(/```(sh|ya?ml|ndjson)(?: (\S+))?\n([\s\S]*?)```/g)].map(
    ([, kind = '', file, content = '']) => ({
      kind,
      file,
      lines: content.trimEnd().split('\n'),
    }),
  );

/** A command that a shell makes nothing of. */
const plain = /^etl( [\w./:+=,-]+)*$/;

const longestMs = 120_000;

/** Performs a line: by a shell, unless it needs none and a process that has done others before will do. */
async function performed(words: string, folder: string, env: Readonly<Record<string, string>>) {
  if (!plain.test(words)) return spawnSync('bash', ['-c', words], { cwd: folder, env, encoding: 'utf8' });
  const { code, stdout, stderr } = await warm(words.split(' ').slice(1), env, longestMs, folder);
  return { status: code, stdout, stderr };
}

/**
 * Does what a page says, command by command, as its reader would; a comment `# exit code 5: …` says that a command ends otherwise than with 0.
 * Gives what each command has said.
 */
export async function performPage(page: string): Promise<ReadonlyMap<string, string>> {
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
  const command = async (line: string): Promise<void> => {
    if (line.startsWith('cd ')) {
      folder = join(folder, line.slice(3));
      return;
    }
    const [, words = '', expected = '0'] = /^(.*?)(?:\s+#(?: exit code (\d+):)?.*)?$/.exec(line) ?? [];
    const { status, stdout, stderr } = await performed(words, folder, env);
    expect(status, `${words}\n${stdout}${stderr}`).to.equal(Number(expected));
    said.set(words, stdout + stderr);
  };
  const write = (file: string, lines: readonly string[]): void => {
    mkdirSync(join(folder, file, '..'), { recursive: true });
    writeFileSync(join(folder, file), `${lines.join('\n')}\n`);
  };
  for (const { kind, file, lines } of blocksOf(page)) {
    if (kind === 'sh') for (const line of lines) await command(line);
    else if (file !== undefined) write(file, lines);
    else write(String(lines[0]).replace(/^# /, ''), lines.slice(1));
  }
  return said;
}
