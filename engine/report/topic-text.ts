import type { Topic } from '../model/topic.ts';

/** Links lead nowhere in a terminal: their text stays. */
const plain = (markdown: string): string => markdown.replace(/\[([^\]]+)\]\([^)\s]+\)/g, '$1');

/** A topic for a terminal. */
export const topicText = ({ title, markdown }: Topic): string => `${title}\n\n${plain(markdown)}`;

/** Topics by name, with what they are in a line. */
export function topicList(topics: readonly Topic[], lineMax = 100): string {
  const width = Math.max(0, ...topics.map(({ name }) => name.length));
  return topics
    .map(({ name, summary }) => `${name.padEnd(width)}  ${plain(summary)}`.trimEnd())
    .map((line) => (line.length > lineMax ? `${line.slice(0, lineMax - 1)}…` : line))
    .join('\n');
}
