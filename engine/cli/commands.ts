import Init from './commands/init.ts';
import Lab from './commands/lab.ts';
import PlanCommand from './commands/plan.ts';
import Preview from './commands/preview.ts';
import Run from './commands/run.ts';
import Test from './commands/test.ts';
import Validate from './commands/validate.ts';

/** Every command, by the word it is called with. */
export const commands = {
  init: Init,
  lab: Lab,
  plan: PlanCommand,
  preview: Preview,
  run: Run,
  test: Test,
  validate: Validate,
};
