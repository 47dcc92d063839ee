import { type CommandFacts, commandTopics } from '../../engine/operations/docs/command-topics.ts';

/** docs/commands.md, made of what the commands say of themselves. */
export const commandsPage = (commands: readonly CommandFacts[]): string =>
  [
    '<!-- Made from the commands by `npm run types`. Do not edit. -->',
    '# Every command',
    'Flags that all commands share stand with each, so that a page is whole. `etl COMMAND --help` says the same.',
    ...commandTopics(commands).map(({ title, markdown }) => `## ${title}\n\n${markdown}`),
  ]
    .join('\n\n')
    .concat('\n');
