import { check, recheck } from '../engine.ts';
import { startLab } from '../lab/lab.ts';
import { assert, ExplainedError } from '../model/errors.ts';
import type { LabMessage } from './in-lab.ts';
import { packageFolder } from './package.ts';
import { sourcesOnly } from './sources-only.ts';

/** The process that `etl run --lab` starts. It serves until its parent lets go. */
const [folder = '.', environment = ''] = process.argv.slice(2);
const tell = (message: LabMessage): void => {
  process.send?.(message);
};
// The terminal sends Ctrl-C to the whole group; the parent still needs answers for the page it finishes.
process.on('SIGINT', () => {});

const chosen = environment === '' ? undefined : environment;
const whole = await check(folder, packageFolder, chosen);
// `etl discover` needs the sources alone: mappings may want what it is about to find.
const project = whole.project ?? recheck(sourcesOnly(whole.files), chosen).project;
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
