import type { Command } from '@oclif/core';
import { commands } from './loaded-commands.ts';

type Load = () => Promise<{ readonly default: Command.Class }>;

/** Every command, by the words it is called with; a colon stands for the space between two. */
const loads: Readonly<Record<string, Load>> = {
  blockers: () => import('./commands/blockers.ts'),
  'blockers:assign': () => import('./commands/blockers/assign.ts'),
  'blockers:note': () => import('./commands/blockers/note.ts'),
  'blockers:override': () => import('./commands/blockers/override.ts'),
  'blockers:retry': () => import('./commands/blockers/retry.ts'),
  'blockers:show': () => import('./commands/blockers/show.ts'),
  'blockers:waive': () => import('./commands/blockers/waive.ts'),
  audit: () => import('./commands/audit.ts'),
  'connector:check': () => import('./commands/connector/check.ts'),
  'connector:list': () => import('./commands/connector/list.ts'),
  'connector:show': () => import('./commands/connector/show.ts'),
  discover: () => import('./commands/discover.ts'),
  docs: () => import('./commands/docs.ts'),
  explain: () => import('./commands/explain.ts'),
  forget: () => import('./commands/forget.ts'),
  graph: () => import('./commands/graph.ts'),
  init: () => import('./commands/init.ts'),
  lab: () => import('./commands/lab.ts'),
  limits: () => import('./commands/limits.ts'),
  'limits:explain': () => import('./commands/limits/explain.ts'),
  'limits:freeze': () => import('./commands/limits/freeze.ts'),
  'limits:thaw': () => import('./commands/limits/thaw.ts'),
  ls: () => import('./commands/ls.ts'),
  parity: () => import('./commands/parity.ts'),
  plan: () => import('./commands/plan.ts'),
  preview: () => import('./commands/preview.ts'),
  record: () => import('./commands/record.ts'),
  replay: () => import('./commands/replay.ts'),
  retry: () => import('./commands/retry.ts'),
  run: () => import('./commands/run.ts'),
  'schema:export': () => import('./commands/schema/export.ts'),
  serve: () => import('./commands/serve.ts'),
  show: () => import('./commands/show.ts'),
  state: () => import('./commands/state.ts'),
  'state:reset': () => import('./commands/state/reset.ts'),
  'state:set': () => import('./commands/state/set.ts'),
  'state:show': () => import('./commands/state/show.ts'),
  'state:unlock': () => import('./commands/state/unlock.ts'),
  'state:vacuum': () => import('./commands/state/vacuum.ts'),
  test: () => import('./commands/test.ts'),
  validate: () => import('./commands/validate.ts'),
};

export const commandNames: readonly string[] = Object.keys(loads);

/** The command line finds the commands here: see `oclif` in package.json. */
export { commands };

const topicOf = (word: string): string => word.split(':')[0] ?? '';

/**
 * Loads the commands that begin with this word, or all when none does, or they are to be read about: loading all takes longer
 * than most commands.
 */
export async function loadCommands(word: string): Promise<void> {
  const called = word === 'docs' ? [] : commandNames.filter((name) => topicOf(name) === topicOf(word));
  for (const name of called.length === 0 ? commandNames : called) {
    const command = await loads[name]?.();
    if (command !== undefined) commands[name] = command.default;
  }
}
