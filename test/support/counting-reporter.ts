import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Mocha from 'mocha';
import { root } from './root.ts';

/** Mocha's own `spec` output, and the counts in dist/mocha.json for .ci/run. */
export default class CountingReporter extends Mocha.reporters.Spec {
  constructor(runner: Mocha.Runner, options?: Mocha.MochaOptions) {
    super(runner, options);
    runner.once(Mocha.Runner.constants.EVENT_RUN_END, () => {
      const { passes, failures, pending } = this.stats;
      mkdirSync(join(root, 'dist'), { recursive: true });
      writeFileSync(join(root, 'dist/mocha.json'), `${JSON.stringify({ passes, failures, pending })}\n`);
    });
  }
}
