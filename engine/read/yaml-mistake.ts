import type { YAMLError } from 'yaml';
import type { Diagnostic } from '../model/diagnostic.ts';
import type { SourceText } from './source-text.ts';

interface Explanation {
  readonly when: RegExp;
  readonly summary: string;
  readonly label: string;
  readonly help: string;
}

/** The first that matches `CODE message` of the parser explains the mistake in the words of people. */
const explanations: readonly Explanation[] = [
  {
    when: /^TAB_AS_INDENT/,
    summary: 'a tab is used for indentation',
    label: 'a tab',
    help: 'YAML is indented with spaces only; replace the tab with two spaces.',
  },
  {
    when: /must start at the same column/,
    summary: 'this line is not indented like the keys around it',
    label: 'indented differently',
    help: 'Keys of one level begin at the same column; a nested key is two spaces further in.',
  },
  {
    when: /^\S+ Flow seq|closing .*\]|end with a \]/,
    summary: 'a list that begins with `[` is not closed',
    label: 'the list opens here',
    help: 'Close the list with `]`, or write one `- item` per line.',
  },
  {
    when: /^\S+ Flow map|end with a \}/,
    summary: 'a `{` is not closed',
    label: 'it opens here',
    help: 'Close it with `}`, or write one `key: value` per line.',
  },
  {
    when: /Missing closing .quote/,
    summary: 'a quoted text is not closed',
    label: 'the quote opens here',
    help: 'Close it with the same quote; inside single quotes an apostrophe is written twice.',
  },
  {
    when: /need to be followed by map values/,
    summary: 'a key without a colon',
    label: 'expected `:` after this',
    help: 'Write `key: value`, with a space after the colon.',
  },
  {
    when: /^BLOCK_AS_IMPLICIT_KEY|^MULTILINE_IMPLICIT_KEY/,
    summary: 'a value that looks like a key',
    label: 'a second `key: value` begins here',
    help: 'Put a value that contains `: ` in quotes; otherwise check the indentation of the lines below.',
  },
  {
    when: /^BAD_SCALAR_START/,
    summary: 'a value begins with a character that YAML reserves',
    label: 'reserved character',
    help: 'Put the value in quotes.',
  },
  {
    when: /^BAD_DQ_ESCAPE/,
    summary: 'an unknown escape in double quotes',
    label: 'not an escape of YAML',
    help: 'In double quotes a backslash begins an escape; write single quotes to take it as it stands.',
  },
  {
    when: /at node end/,
    summary: 'something stands after the end of a value',
    label: 'not expected here',
    help: 'Check the indentation of this line, and the quotes before it.',
  },
  {
    when: /^TAG_RESOLVE_FAILED/,
    summary: 'a YAML tag that Sluice does not know',
    label: 'unknown tag',
    help: 'Put the value in quotes if it begins with `!`.',
  },
];

/** Says what is wrong with a text that is not YAML. `opening` is where the thing begins that is never closed. */
export function yamlMistake(source: SourceText, error: YAMLError, opening?: number): Diagnostic {
  const found = explanations.find((explanation) => explanation.when.test(`${error.code} ${error.message}`));
  const exact = opening ?? (error.code === 'TAB_AS_INDENT' ? error.pos[0] : undefined);
  return {
    code: 'ETL0002',
    severity: 'error',
    summary: found?.summary ?? 'this is not valid YAML',
    place: exact === undefined ? source.word(error.pos[0]) : source.place(exact, exact + 1),
    label: found?.label ?? error.message,
    help: found === undefined ? [] : [found.help],
  };
}
