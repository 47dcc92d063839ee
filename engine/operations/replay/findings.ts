import type { Diagnostic, Place } from '../../model/diagnostic.ts';
import type { SourceDocument } from '../../model/project.ts';
import type { ColumnReplay, MappingReplay, ReplaySample, UnitChange } from '../../model/replay.ts';

/** What is accepted though the diff does not explain it: `orders`, or `orders.total`. */
export type Accepted = ReadonlySet<string>;

/** A complaint, and the mapping that it is about; absent where it is about pages. */
export interface ReplayFinding {
  readonly mapping?: string;
  readonly diagnostic: Diagnostic;
}

/** What the diffs of the mappings do not explain, and nobody has accepted. */
export function replayFindings(
  mappings: readonly MappingReplay[],
  documents: readonly SourceDocument[],
  accepted: Accepted,
): readonly ReplayFinding[] {
  return mappings
    .filter(({ mapping }) => !accepted.has(mapping))
    .flatMap((one) =>
      [...columnFindings(one, documents, accepted), ...rowFindings(one, documents)].map((diagnostic) => ({
        mapping: one.mapping,
        diagnostic,
      })),
    );
}

const columnFindings = (
  one: MappingReplay,
  documents: readonly SourceDocument[],
  accepted: Accepted,
): readonly Diagnostic[] =>
  one.columns
    .filter(({ explained, column }) => !explained && !accepted.has(`${one.mapping}.${column}`))
    .map((column) => {
      const example = one.samples.find(
        (sample) => !sample.explained && sample.cells.some((cell) => cell.column === column.column),
      );
      return finding('ETL0365', one, documents, {
        summary: `${one.mapping}.${column.column} ${columnText(column)}, and the diff of its mapping does not say why`,
        name: `${one.mapping}.${column.column}`,
        pointer: `/properties/${column.column}`,
        example,
      });
    });

function columnText({ change, types, rows, unexplained }: ColumnReplay): string {
  if (change === 'retyped' && rows === 0) return `is ${types?.[1]} instead of ${types?.[0]}`;
  if (change === 'added') return 'is a new column';
  if (change === 'removed') return 'is no longer there';
  return `differs in ${rowsText(unexplained)}`;
}

const rowsText = (rows: number): string => (rows === 1 ? '1 row' : `${rows} rows`);

const rowTexts: { readonly [change in Exclude<UnitChange, 'changed'>]: string } = {
  added: 'newly there',
  removed: 'left out',
  blocked: 'newly under a Blocker',
  unblocked: 'no longer under a Blocker',
};

function rowFindings(one: MappingReplay, documents: readonly SourceDocument[]): readonly Diagnostic[] {
  return (['added', 'removed', 'blocked', 'unblocked'] as const)
    .filter((change) => one.unexplained[change] > 0)
    .map((change) =>
      finding('ETL0366', one, documents, {
        summary: `${rowsText(one.unexplained[change])} of ${one.mapping} ${one.unexplained[change] === 1 ? 'is' : 'are'} ${rowTexts[change]}, and the diff of its mapping does not say why`,
        name: one.mapping,
        pointer: '/name',
        example: one.samples.find((sample) => !sample.explained && sample.change === change),
      }),
    );
}

interface Words {
  readonly summary: string;
  readonly name: string;
  readonly pointer: string;
  readonly example: ReplaySample | undefined;
}

function finding(
  code: string,
  { mapping, state, inherited }: MappingReplay,
  documents: readonly SourceDocument[],
  { summary, name, pointer, example }: Words,
): Diagnostic {
  const place = placeOf(mapping, pointer, documents);
  return {
    code,
    severity: 'error',
    summary,
    ...(place && { place }),
    help: [
      ...(example === undefined ? [] : [`For example ${sampleText(example)}.`]),
      causeText(state, inherited),
      `If it is meant, write it into the mapping, or say so in a commit: \`Replay-accepts: ${name}\`; \`--accept ${name}\` tries it.`,
    ],
  };
}

function causeText(state: MappingReplay['state'], inherited: readonly string[]): string {
  if (inherited.length > 0) return `What it inherits has changed: ${inherited.join(', ')}.`;
  return state === 'same'
    ? 'Nothing that it is made of has changed: an expression may depend on the time or on chance.'
    : 'Nothing that it inherits has changed: an expression may depend on the time or on chance, or on another line of the mapping.';
}

/** `order_id "A17" on page 12: currency "eur" → "EUR"`. */
function sampleText({ key, page, cells, reason }: ReplaySample): string {
  const shown = (value: string | null): string => (value === null ? 'NULL' : JSON.stringify(value));
  const keys = Object.entries(key).map(([column, value]) => `${column} ${shown(value)}`);
  const values = cells.map(({ column, base, head }) => `${column} ${shown(base)} → ${shown(head)}`);
  const what = [...values, ...(reason === undefined ? [] : [reason])];
  return `${keys.join(', ')} on page ${page}${what.length === 0 ? '' : `: ${what.join(', ')}`}`;
}

function placeOf(mapping: string, pointer: string, documents: readonly SourceDocument[]): Place | undefined {
  const document = documents.find(({ value }) => {
    const own = value as { readonly kind?: unknown; readonly name?: unknown } | null;
    return own?.kind === 'mapping' && own.name === mapping;
  });
  const node = document?.nodes.get(pointer) ?? document?.nodes.get('/name');
  return node && (node.key ?? node.value);
}
