import type { Topic } from '../../model/topic.ts';

/** What the command line says of a command. */
export interface CommandFacts {
  /** The words that it is called with: `state show`. */
  readonly name: string;
  readonly summary: string;
  readonly description: string;
  readonly examples: readonly string[];
  readonly args: readonly ArgumentFacts[];
  readonly flags: readonly FlagFacts[];
}

export interface ArgumentFacts {
  readonly name: string;
  readonly description: string;
  readonly isRequired: boolean;
}

export interface FlagFacts extends ArgumentFacts {
  readonly char?: string;
  /** What follows it: `FOLDER`, or the words to choose from. */
  readonly value?: string;
  readonly default?: string;
}

/** A topic for each command. */
export const commandTopics = (commands: readonly CommandFacts[]): readonly Topic[] =>
  commands.map((command) => ({
    kind: 'command',
    name: command.name,
    title: `etl ${command.name}`,
    summary: command.summary,
    markdown: commandMarkdown(command),
  }));

/** A command as it is called, what it does, its arguments and flags, and examples. */
function commandMarkdown({ name, summary, description, examples, args, flags }: CommandFacts): string {
  const called = args.map((arg) => (arg.isRequired ? arg.name.toUpperCase() : `[${arg.name.toUpperCase()}]`));
  return [
    summary,
    ['```sh', ['etl', name, ...called, '[FLAGS]'].join(' '), '```'].join('\n'),
    description,
    ...table(
      ['argument', 'what it is'],
      args.map((arg) => [code(arg.name.toUpperCase()), text(arg)]),
    ),
    ...table(
      ['flag', 'what it does'],
      flags.map((flag) => [code(flagText(flag)), text(flag)]),
    ),
    ...(examples.length === 0 ? [] : [['```sh', ...examples, '```'].join('\n')]),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

const flagText = ({ name, char, value }: FlagFacts): string =>
  [char === undefined ? '' : `-${char}, `, `--${name}`, value === undefined ? '' : ` ${value}`].join('');

const text = (facts: ArgumentFacts & { readonly default?: string }): string =>
  [
    facts.description,
    ...(facts.isRequired ? ['Required.'] : []),
    ...(facts.default === undefined ? [] : [`Default: ${code(facts.default)}.`]),
  ].join(' ');

/** Text as code, also where it holds backticks. */
const code = (words: string): string => (words.includes('`') ? `\`\` ${words} \`\`` : `\`${words}\``);

const cell = (words: string): string => words.replaceAll('|', '\\|').replaceAll('\n', ' ');

const table = (head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] =>
  rows.length === 0
    ? []
    : [[head, head.map(() => '---'), ...rows].map((row) => `| ${row.map(cell).join(' | ')} |`).join('\n')];
