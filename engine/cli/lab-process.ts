import { check } from '../engine.ts';
import { startLab } from '../lab/lab.ts';
import { assert, ExplainedError } from '../model/errors.ts';
import type { LabMessage } from './in-lab.ts';
import { packageFolder } from './package.ts';

/** The process that `etl run --lab` starts. It serves until its parent lets go. */
const [folder = '.', environment = ''] = process.argv.slice(2);
const tell = (message: LabMessage): void => {
  process.send?.(message);
};
// The terminal sends Ctrl-C to the whole group; the parent still needs answers for the page it finishes.
process.on('SIGINT', () => {});

const { project } = await check(folder, packageFolder, environment === '' ? undefined : environment);
assert(project, 'the parent has validated the project');
try {
  const lab = await startLab(project, { port: 0 });
  process.on('disconnect', () => {
    void lab.close().then(() => process.exit(0));
  });
  tell({ url: lab.url });
} catch (error) {
  if (!(error instanceof ExplainedError)) throw error;
  tell({ diagnostic: error.diagnostic });
  process.disconnect?.();
}
