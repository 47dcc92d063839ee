import { spawnSync } from 'node:child_process';
import { chmodSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { projectFolder } from './support/cli.ts';
import { text } from './support/root.ts';

const { scripts } = JSON.parse(text('package.json')) as { scripts: { readonly mocha: string } };

/** What `npm run mocha` does where its parts end so: those that measure time, and the others. */
function performed(alone: number, others: number): { readonly status: number | null; readonly ran: string } {
  const stub = `#!/bin/sh\necho "$*" >> ran\n[ "$1" = --config ] && exit ${alone}\nexit ${others}\n`;
  const folder = projectFolder({ mocha: stub, ran: '' });
  chmodSync(join(folder, 'mocha'), 0o755);
  const env = { PATH: `${folder}:${process.env['PATH']}` };
  const { status } = spawnSync('sh', ['-c', scripts.mocha], { cwd: folder, env });
  return { status, ran: readFileSync(join(folder, 'ran'), 'utf8') };
}

describe('npm run mocha', () => {
  for (const [alone, others, status] of [
    [0, 0, 0],
    [2, 0, 2],
    [0, 3, 3],
    [2, 3, 3],
  ] as const)
    it(`runs both parts and ends with ${status} where they end with ${alone} and ${others}`, () => {
      expect(performed(alone, others)).to.deep.equal({ status, ran: '--config .mocharc.alone.json\n\n' });
    });
});
