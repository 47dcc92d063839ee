import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Mocha from 'mocha';
import { root } from './root.ts';

interface Counts {
  readonly passes: number;
  readonly failures: number;
  readonly pending: number;
  /** What failed, and why: said again where a long run ends. */
  readonly failed: readonly string[];
}

const none: Counts = { passes: 0, failures: 0, pending: 0, failed: [] };

const file = join(root, 'dist/mocha.json');

/** What an earlier part of the tests has counted. */
const counted = (): Counts => (existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Counts) : none);

/** Mocha's own `spec` output, and the counts and failures in dist/mocha.json for .ci/run: those of all parts, of which the first begins anew. */
export default class CountingReporter extends Mocha.reporters.Spec {
  constructor(runner: Mocha.Runner, options?: Mocha.MochaOptions) {
    super(runner, options);
    const failed: string[] = [];
    runner.on(Mocha.Runner.constants.EVENT_TEST_FAIL, (test: Mocha.Test, error: Error) => {
      failed.push(`${test.fullTitle()}\n${error.stack ?? error.message}`);
    });
    runner.once(Mocha.Runner.constants.EVENT_RUN_END, () => {
      const { passes, failures, pending } = this.stats;
      const isFirst = (options?.reporterOptions as { anew?: string } | undefined)?.anew !== undefined;
      const before = isFirst ? none : counted();
      mkdirSync(join(root, 'dist'), { recursive: true });
      writeFileSync(
        file,
        `${JSON.stringify({
          passes: before.passes + passes,
          failures: before.failures + failures,
          pending: before.pending + pending,
          failed: [...before.failed, ...failed],
        })}\n`,
      );
    });
  }
}
