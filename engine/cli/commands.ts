import Audit from './commands/audit.ts';
import BlockersAssign from './commands/blockers/assign.ts';
import BlockersNote from './commands/blockers/note.ts';
import BlockersOverride from './commands/blockers/override.ts';
import BlockersRetry from './commands/blockers/retry.ts';
import BlockersShow from './commands/blockers/show.ts';
import BlockersWaive from './commands/blockers/waive.ts';
import BlockersList from './commands/blockers.ts';
import Forget from './commands/forget.ts';
import Init from './commands/init.ts';
import Lab from './commands/lab.ts';
import LimitsExplain from './commands/limits/explain.ts';
import LimitsFreeze from './commands/limits/freeze.ts';
import LimitsThaw from './commands/limits/thaw.ts';
import Limits from './commands/limits.ts';
import PlanCommand from './commands/plan.ts';
import Preview from './commands/preview.ts';
import Retry from './commands/retry.ts';
import Run from './commands/run.ts';
import StateReset from './commands/state/reset.ts';
import StateSet from './commands/state/set.ts';
import StateShow from './commands/state/show.ts';
import StateUnlock from './commands/state/unlock.ts';
import StateVacuum from './commands/state/vacuum.ts';
import State from './commands/state.ts';
import Test from './commands/test.ts';
import Validate from './commands/validate.ts';

/** Every command, by the words it is called with; a colon stands for the space between two. */
export const commands = {
  blockers: BlockersList,
  'blockers:assign': BlockersAssign,
  'blockers:note': BlockersNote,
  'blockers:override': BlockersOverride,
  'blockers:retry': BlockersRetry,
  'blockers:show': BlockersShow,
  'blockers:waive': BlockersWaive,
  audit: Audit,
  forget: Forget,
  init: Init,
  lab: Lab,
  limits: Limits,
  'limits:explain': LimitsExplain,
  'limits:freeze': LimitsFreeze,
  'limits:thaw': LimitsThaw,
  plan: PlanCommand,
  preview: Preview,
  retry: Retry,
  run: Run,
  state: State,
  'state:reset': StateReset,
  'state:set': StateSet,
  'state:show': StateShow,
  'state:unlock': StateUnlock,
  'state:vacuum': StateVacuum,
  test: Test,
  validate: Validate,
};
