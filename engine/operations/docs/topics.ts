import type { Topic } from '../../model/topic.ts';
import { codeTopics } from './code-topics.ts';
import { type CommandFacts, commandTopics } from './command-topics.ts';
import { keyTopics } from './key-topics.ts';
import type { Schema } from './schema-keys.ts';

/** What the documentation is made of. */
export interface DocsSources {
  /** Pages by name, as Markdown. */
  readonly pages: ReadonlyMap<string, string>;
  readonly schema: Schema;
  readonly commands: readonly CommandFacts[];
}

/** Pages that other topics are made of. */
const madeOf: ReadonlySet<string> = new Set(['diagnostics', 'reference', 'commands']);

/** Everything that can be read about. */
export const topicsOf = ({ pages, schema, commands }: DocsSources): readonly Topic[] => [
  ...[...pages].filter(([name]) => !madeOf.has(name)).map(pageTopic),
  ...commandTopics(commands),
  ...keyTopics(schema),
  ...codeTopics(pages.get('diagnostics') ?? ''),
];

function pageTopic([name, markdown]: readonly [string, string]): Topic {
  const [, title = name] = /^# (.+)$/m.exec(markdown) ?? [];
  const body = markdown.replace(/^# .+\n+/, '');
  const [summary = ''] = body.split(/\n\n|(?<=\.)\s/);
  return {
    kind: 'page',
    name: `${name}.md`,
    title,
    summary: summary.replaceAll('\n', ' '),
    markdown: body.trim(),
  };
}

/**
 * Topics of a name: the one that is called so, or those whose name ends so (`staging.dialect`), or has it somewhere. Case
 * does not matter, and `etl` before a command's name may be left out.
 */
export function findTopics(topics: readonly Topic[], asked: string): readonly Topic[] {
  const word = asked
    .trim()
    .toLowerCase()
    .replace(/^etl (?=.)/, '');
  const tests: readonly ((name: string) => boolean)[] = [
    (name) => name === word,
    (name) => name === `${word}.md`,
    (name) => name.endsWith(`.${word}`),
    (name) => name.includes(word),
  ];
  for (const test of tests) {
    const found = topics.filter(({ name }) => test(name.toLowerCase()));
    if (found.length > 0) return found;
  }
  return [];
}
