import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { complaint, RefusedError } from '../model/errors.ts';

const run = promisify(execFile);

/** Most characters of an answer; a list of commits is short. */
const answerMax = 16 * 1024 ** 2;

async function git(folder: string, args: readonly string[], index?: string): Promise<string> {
  const env = { ...process.env, ...(index !== undefined && { GIT_INDEX_FILE: index }) };
  const { stdout } = await run('git', ['-C', folder, ...args], { env, maxBuffer: answerMax });
  return stdout.trim();
}

const said = (error: unknown): string => {
  const { stderr = '', code } = error as { stderr?: string; code?: unknown };
  if (code === 'ENOENT') return 'There is no `git` command.';
  return stderr.trim().split('\n')[0] ?? '';
};

/** A commit that a branch has come from, and what its folder held then. */
export interface BaseCommit {
  readonly commit: string;
  /** Values of a trailer of the commits since then. */
  trailers(name: string): Promise<readonly string[]>;
  /** Writes the tracked files of the folder as they were. The user's tree and index stay as they are. */
  extract(into: string): Promise<void>;
}

/**
 * The last commit that the present one and `ref` have in common: what `ref` has gained since then is not ours.
 * @throws RefusedError (exit 4) when there is none, or no repository.
 */
export async function baseCommit(folder: string, ref: string): Promise<BaseCommit> {
  const [top, prefix = ''] = (
    await git(folder, ['rev-parse', '--show-toplevel', '--show-prefix']).catch((error: unknown) => {
      throw unreadable(ref, said(error), 'The project must be in a git repository.');
    })
  ).split('\n');
  const isOption = ref.startsWith('-');
  const named = isOption ? [] : [`${ref}^{commit}`];
  const known = await git(folder, ['rev-parse', '--verify', '--quiet', ...named]).catch(() => {
    throw unreadable(ref, `There is no commit ${ref} here.`, 'Fetch it first: `git fetch origin main`.');
  });
  const commit = await git(folder, ['merge-base', known, 'HEAD']).catch(() => {
    throw unreadable(
      ref,
      `${ref} and the present commit have none in common.`,
      'A shallow clone has too few: fetch all, `fetch-depth: 0` in GitHub Actions and `GIT_DEPTH: 0` in GitLab.',
    );
  });
  return {
    commit,
    trailers: async (name) => {
      const format = `--format=%(trailers:key=${name},valueonly)`;
      const lines = (await git(folder, ['log', format, `${commit}..HEAD`])).split('\n');
      return lines.map((line) => line.trim()).filter((line) => line !== '');
    },
    extract: async (into) => {
      await mkdir(into, { recursive: true });
      const index = join(into, '.git-index');
      const tree = `${commit}:${prefix.replace(/\/$/, '')}`;
      // A folder that was not there then is empty.
      const exists = await git(folder, ['rev-parse', '--verify', '--quiet', tree]).then(
        () => true,
        () => false,
      );
      if (!exists) return;
      await git(top ?? folder, ['read-tree', tree], index);
      await git(top ?? folder, ['checkout-index', '--all', `--prefix=${into}/`], index);
    },
  };
}

const unreadable = (ref: string, ...help: readonly string[]): RefusedError =>
  new RefusedError('refused', [
    complaint('ETL0368', `the base ${ref} cannot be read`, ...help.filter((line) => line !== '')),
  ]);
