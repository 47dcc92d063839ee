import type { Diagnostic } from '../model/diagnostic.ts';

/** Platforms cut comments at 65,536 characters, or refuse them. What is around the text takes a little more. */
const charactersMax = 60_000;

const marks = { error: '❌', warning: '⚠️' } as const;

const diagnosticLine = ({ code, severity, summary, place, help }: Diagnostic): string => {
  const where = place === undefined ? '' : ` (\`${place.file}:${place.line}:${place.column}\`)`;
  return [
    `- ${marks[severity]} **${code}** ${inline(summary)}${where}`,
    ...help.map((line) => `  - ${inline(line)}`),
  ].join('\n');
};

/** A text in a line of Markdown: nothing of it begins a tag or a table. */
const inline = (text: string): string => text.replace(/\s+/g, ' ').replace(/[<>|]/g, (sign) => `\\${sign}`);

/** A block of text as it is; its fence is longer than any within. */
function fenced(text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([ticks]) => ticks.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}text\n${text}\n${fence}`;
}

export interface MarkdownParts {
  readonly command: string;
  readonly exitCode: number;
  readonly diagnostics: readonly Diagnostic[];
  /** What matters most, in Markdown. */
  readonly summary?: string;
  readonly text: string;
}

/**
 * A comment for a pull request: what is wrong, what matters, and the rest to unfold. A marker in its first line tells the
 * workflow which comment to replace. What would be too long is cut, and says so.
 */
export function markdownText({ command, exitCode, diagnostics, summary, text }: MarkdownParts): string {
  const verdict = exitCode === 0 ? '✅' : exitCode === 2 ? '🔶' : '❌';
  const head = [
    `<!-- etl ${command} -->`,
    `### ${verdict} \`etl ${command}\``,
    '',
    ...(diagnostics.length > 0 ? [...diagnostics.map(diagnosticLine), ''] : []),
    ...(summary === undefined || summary === '' ? [] : [summary, '']),
  ].join('\n');
  const room = charactersMax - head.length;
  if (text === '' || room < 0) return head.slice(0, charactersMax) + cutNote(head.length - charactersMax);
  const rest = `${fenced(text.slice(0, room))}\n${cutNote(text.length - room)}`;
  return `${head}\n<details><summary>All of it</summary>\n\n${rest}\n</details>`;
}

/** What is left out is never left out silently. */
const cutNote = (characters: number): string =>
  characters <= 0
    ? ''
    : `\n**Cut here**: ${characters.toLocaleString('en')} more characters; run the command to see all.\n`;
