import type { Diagnostic, Place } from '../model/diagnostic.ts';

/** Widest source line that is shown; a longer one is cut on both sides of the caret. */
const columnsMax = 160;
/** Columns kept before the caret of a line that is cut. */
const columnsBefore = 60;
const tabColumns = 4;

const styles = { error: '1;31', warning: '1;33', frame: '34', bold: '1' } as const;

type Paint = (style: keyof typeof styles, text: string) => string;

/** One character of a source line as it is shown, and the columns that it takes. */
interface Cell {
  readonly text: string;
  readonly columns: number;
  /** How many UTF-16 units of the source it stands for. */
  readonly units: number;
}

const isWide =
  /[\u1100-\u115F\u2E80-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60\uFFE0-\uFFE6]|\p{Emoji_Presentation}/u;
const isZeroWidth = /\p{Mn}|\p{Me}|\u200D|\uFE0F/u;
// Whatever moves a terminal's cursor or changes the order of characters is shown as a mark.
const isControl = /[\p{Cc}\u200B-\u200C\u200E\u200F\u2028-\u202E\u2060-\u2069\uFEFF]/u;

function cellOf(character: string): Cell {
  const units = character.length;
  if (character === '\t') return { text: ' '.repeat(tabColumns), columns: tabColumns, units };
  if (isControl.test(character)) return { text: '\uFFFD', columns: 1, units };
  if (isZeroWidth.test(character)) return { text: character, columns: 0, units };
  return { text: character, columns: isWide.test(character) ? 2 : 1, units };
}

/** A text on one line, without anything that a terminal would obey. */
const harmless = (text: string): string =>
  [...text.replace(/\s+/g, ' ')].map((character) => cellOf(character).text).join('');

const columnsOf = (cells: readonly Cell[]): number => cells.reduce((sum, cell) => sum + cell.columns, 0);

const textOf = (cells: readonly Cell[]): string => cells.map((cell) => cell.text).join('');

/** The cells before, under and after the caret. */
function split({ text, column, endColumn }: Place): readonly [Cell[], Cell[], Cell[]] {
  const parts: [Cell[], Cell[], Cell[]] = [[], [], []];
  let unit = 1;
  for (const character of text) {
    parts[unit < column ? 0 : unit < endColumn ? 1 : 2].push(cellOf(character));
    unit += character.length;
  }
  return parts;
}

/** As many cells as fit, from the end when `fromEnd`; a `…` says that some are left out. */
function cut(cells: readonly Cell[], columns: number, fromEnd: boolean): readonly Cell[] {
  if (columnsOf(cells) <= columns) return cells;
  const kept: Cell[] = [];
  let used = 1;
  for (const cell of fromEnd ? cells.toReversed() : cells) {
    if (used + cell.columns > columns) break;
    used += cell.columns;
    kept.push(cell);
  }
  const dots: Cell = { text: '…', columns: 1, units: 0 };
  return fromEnd ? [dots, ...kept.toReversed()] : [...kept, dots];
}

function fitted(place: Place): readonly [readonly Cell[], readonly Cell[], readonly Cell[]] {
  const [before, under, after] = split(place);
  if (columnsOf(before) + columnsOf(under) + columnsOf(after) <= columnsMax) return [before, under, after];
  const left = cut(before, columnsBefore, true);
  const middle = cut(under, columnsMax - columnsOf(left) - 1, false);
  return [left, middle, cut(after, Math.max(1, columnsMax - columnsOf(left) - columnsOf(middle)), false)];
}

function frame(
  place: Place,
  label: string | undefined,
  severity: Diagnostic['severity'],
  paint: Paint,
): string[] {
  const number = String(place.line);
  const indent = ' '.repeat(number.length);
  const [before, under, after] = fitted(place);
  const caret = '^'.repeat(Math.max(1, columnsOf(under)));
  const below = paint(severity, label === undefined ? caret : `${caret} ${harmless(label)}`);
  return [
    `${indent}${paint('frame', '-->')} ${harmless(place.file)}:${place.line}:${place.column}`,
    `${indent} ${paint('frame', '|')}`,
    `${paint('frame', `${number} |`)} ${textOf(before)}${textOf(under)}${textOf(after)}`.trimEnd(),
    `${indent} ${paint('frame', '|')} ${' '.repeat(columnsOf(before))}${below}`,
  ];
}

/**
 * A diagnostic as people read it: code, file:line:column, the source line with a caret, and help. With `color`, in
 * ANSI colours. Tabs take four columns, so that the caret stands where it should on every terminal.
 */
export function diagnosticText(diagnostic: Diagnostic, color: boolean): string {
  const { code, severity, summary, place, label, help } = diagnostic;
  const paint: Paint = (style, text) => (color ? `\u001B[${styles[style]}m${text}\u001B[0m` : text);
  const indent = ' '.repeat(place === undefined ? 1 : String(place.line).length);
  return [
    `${paint(severity, `${severity}[${code}]`)}${paint('bold', `: ${harmless(summary)}`)}`,
    ...(place === undefined ? [] : frame(place, label, severity, paint)),
    ...help.map((line) => `${indent} ${paint('frame', '=')} help: ${harmless(line)}`),
  ].join('\n');
}
