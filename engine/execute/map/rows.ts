import { hash } from 'node:crypto';
import { accountStream } from '../../model/accounts.ts';
import type { MappedRows, MarkerOp, PageFailure } from '../../model/batch.ts';
import { loadFields } from '../../model/load-file.ts';
import { pathText } from '../../model/path.ts';
import type { DeletesPlan, MappingPlan, StreamPlan } from '../../model/plan.ts';
import { isSweep } from '../../model/sweep.ts';
import { type Column, compileColumns, compileGuards, type Guard } from './columns.ts';
import { compileConditions, type Filter } from './conditions.ts';
import { compileDuplicates, type DuplicateFinder } from './duplicates.ts';
import { badValue, kindOf } from './failures.ts';
import { Invalid, keptText } from './invalid.ts';
import { addMark, compileFlags } from './marks.ts';
import { compilePatches, type Patches } from './patches.ts';
import { compilePath, type JsonObject, type Reader } from './paths.ts';
import { compileRowLimits, type RowLimits } from './row-limits.ts';
import { addValues, type BadValue, guarded, type StoppingValue, type Unit } from './row-values.ts';
import { type CleanPage, emptySheet, remembered, type Sheet } from './sheet.ts';
import { elementsIn } from './transforms.ts';
import { compileUnread, type UnreadCounter } from './unread.ts';

/** Makes the rows of one mapping. */
export type RowMapper = (page: CleanPage) => Promise<MappedRows | PageFailure>;

/** What makes the rows of a mapping, compiled. */
interface Program {
  readonly stream: StreamPlan;
  readonly mapping: string;
  readonly each: { readonly read: Reader; readonly text: string; readonly split?: string } | undefined;
  readonly filter: Filter | undefined;
  /** Whether a record is gone. */
  readonly isDeleted: ((record: JsonObject) => boolean) | undefined;
  /** Which records say which rows they have, so that others may go. */
  readonly replaces: 'all' | 'those with a list' | 'none';
  /** Whether every record is mentioned, also one without rows: those that are not will be taken for gone. */
  readonly sweeps: boolean;
  readonly columns: readonly Column[];
  /** What the table has no column for. */
  readonly guards: readonly Guard[];
  /** Values that people have set. */
  readonly patches: Patches | undefined;
  readonly isDuplicate: DuplicateFinder;
  readonly beyondLimits: RowLimits;
  readonly isAsync: boolean;
  /** Counts values that no property reads. */
  readonly count: UnreadCounter | undefined;
}

const hashDigits = 32;

/** Compiles a mapping of a stream. */
export function compileRows(stream: StreamPlan, plan: MappingPlan): RowMapper {
  const columns = compileColumns(plan);
  const guards = compileGuards(plan);
  const program: Program = {
    stream,
    mapping: plan.name,
    each: plan.each && {
      read: compilePath(plan.each),
      text: pathText(plan.each),
      ...(plan.eachSplit !== undefined && { split: plan.eachSplit }),
    },
    filter: compileConditions(plan.where),
    isDeleted: compileFlags(plan.deletes),
    replaces: replacesOf(plan.deletes),
    sweeps: isSweep(stream.name) || plan.deletes?.listing !== undefined,
    columns,
    guards,
    // Where a record says which rows it has, each of its versions must have them.
    isDuplicate: plan.deletes === undefined ? compileDuplicates(plan) : () => false,
    beyondLimits: compileRowLimits(plan),
    patches: compilePatches(plan, stream.account),
    isAsync: [...columns, ...guards].some(({ compute }) => compute !== undefined),
    count: plan.counted && compileUnread(plan.counted),
  };
  return (page) => mapPage(program, page);
}

const replacesOf = (deletes: DeletesPlan | undefined): Program['replaces'] =>
  deletes?.listing !== undefined ? 'all' : deletes?.children === true ? 'those with a list' : 'none';

async function mapPage(program: Program, page: CleanPage): Promise<MappedRows | PageFailure> {
  const sheet = emptySheet();
  for (const unit of units(program, sheet, page)) {
    // Only expressions are asynchronous; awaiting each row would cost more than mapping it.
    const failure = program.isAsync
      ? await computeRow(program, sheet, page, unit)
      : addRow(program, sheet, page, unit);
    if (failure !== undefined) return failure;
  }
  const { seen: _, lines, unread, ...made } = sheet;
  return {
    mapping: program.mapping,
    ...made,
    ...(unread.size > 0 && { unread: [...unread] }),
    lines: lines.bytes(),
  };
}

/** All units of a page, in order. Behind those of a record, once they are rows, stands what it says about its other rows. */
function* units(program: Program, sheet: Sheet, page: CleanPage): Generator<Unit> {
  for (const [ordinal, record] of remembered(sheet, page)) {
    const before = { blocked: sheet.blocked.length, lines: sheet.lines.length };
    const elements = listed(program, sheet, page, ordinal, record);
    if (elements === undefined) continue;
    for (let index = 0; index < elements.length; index += 1) {
      yield { ordinal, index: program.each ? index : null, element: elements[index], record };
    }
    complete(program, sheet, page, ordinal, before);
  }
}

/** What of a record becomes rows. One that is gone, or has no array where `each` wants one, is noted instead. */
function listed(
  program: Program,
  sheet: Sheet,
  page: CleanPage,
  ordinal: number,
  record: JsonObject,
): readonly unknown[] | undefined {
  const isDeleted = program.isDeleted?.(record) === true;
  const elements = isDeleted ? undefined : elementsOf(program, record);
  sheet.units += Array.isArray(elements) ? elements.length : 1;
  if (Array.isArray(elements)) return elements;
  const unit = { ordinal, index: null, element: undefined, record };
  if (isDeleted) mark(program, sheet, page, ordinal, 'delete');
  else block(program, sheet, page, unit, notAnArray(program, elements));
  if (program.sweeps && !isDeleted) mark(program, sheet, page, ordinal, 'seen');
  return undefined;
}

/**
 * Says that a record has no other rows. While one of them is blocked, the table keeps what it has; where rows go one by one, a
 * record without the list says nothing about it.
 */
function complete(
  program: Program,
  sheet: Sheet,
  page: CleanPage,
  ordinal: number,
  before: { readonly blocked: number; readonly lines: number },
): void {
  const { replaces, each } = program;
  const speaks =
    replaces === 'all' ||
    (replaces === 'those with a list' && each?.read(page.records[ordinal]) !== undefined);
  if (speaks && sheet.blocked.length === before.blocked) mark(program, sheet, page, ordinal, 'complete');
  if (program.sweeps && sheet.lines.length === before.lines) mark(program, sheet, page, ordinal, 'seen');
}

function mark(program: Program, sheet: Sheet, page: CleanPage, ordinal: number, op: MarkerOp): void {
  const { account } = program.stream;
  const [key, cursor] = [page.keys[ordinal], page.cursors[ordinal]];
  addMark(sheet, { account, width: program.columns.length, page: page.page, ordinal, key, cursor }, op);
}

/** The elements that become rows; anything but an array cannot. */
function elementsOf({ each }: Program, record: JsonObject): unknown {
  if (each === undefined) return [record];
  const found = each.read(record);
  if (found === undefined || found === null || found === '') return [];
  return each.split === undefined ? found : elementsIn(found, each.split);
}

const notAnArray = ({ each }: Program, value: unknown): BadValue => ({
  property: each?.text ?? '',
  invalid:
    value instanceof Invalid
      ? value
      : new Invalid('each', `expected an array at \`each: ${each?.text}\`, got ${kindOf(value)}`),
  value,
});

function block(
  program: Program,
  sheet: Sheet,
  page: CleanPage,
  unit: Unit,
  { property, invalid, value }: BadValue,
): void {
  sheet.blocked.push({
    mapping: program.mapping,
    ordinal: unit.ordinal,
    index: unit.index,
    record: page.keys[unit.ordinal] ?? '',
    property,
    code: invalid.code,
    reason: invalid.reason,
    value: keptText(value),
  });
}

async function computeRow(
  program: Program,
  sheet: Sheet,
  page: CleanPage,
  unit: Unit,
): Promise<PageFailure | undefined> {
  if (!isWanted(program, unit)) return addRow(program, sheet, page, unit);
  const computed: unknown[] = [];
  for (const { compute } of [...program.columns, ...program.guards]) {
    computed.push(await compute?.(unit.element, unit.record, unit.index));
  }
  return addRow(program, sheet, page, unit, computed);
}

const isWanted = ({ filter }: Program, { element, record, index }: Unit): boolean =>
  filter === undefined || filter(element, record, index);

/** Adds the row of a unit, or counts it as filtered, or keeps it aside. A failure stops the page. */
function addRow(
  program: Program,
  sheet: Sheet,
  page: CleanPage,
  unit: Unit,
  computed?: readonly unknown[],
): PageFailure | undefined {
  if (!isWanted(program, unit)) {
    sheet.filtered += 1;
    return undefined;
  }
  program.count?.(unit.element, sheet.unread);
  const { values } = sheet;
  const start = values.length;
  const nulledBefore = sheet.nulled;
  values.push(program.stream.account);
  const bad =
    addValues(program, sheet, unit, page.keys[unit.ordinal] ?? '', computed) ??
    guarded(program, unit, computed);
  if (bad !== undefined) {
    values.length = start;
    sheet.nulled = nulledBefore;
    return leaveOut(program, sheet, page, unit, bad);
  }
  const own = loadFields(values, start, values.length - start);
  const beyond = program.beyondLimits(values, start, own);
  if (beyond !== undefined) {
    values.length = start;
    sheet.nulled = nulledBefore;
    block(program, sheet, page, unit, beyond);
    return undefined;
  }
  const meta = values.length;
  const rowHash = hash('sha256', own).slice(0, hashDigits);
  const { ordinal, index } = unit;
  values.push(page.page, ordinal, index, page.keys[ordinal] ?? '', page.cursors[ordinal] ?? null);
  values.push(rowHash, null);
  if (sheet.seen.has(rowHash) && program.isDuplicate(values, start)) {
    values.length = start;
    sheet.nulled = nulledBefore;
    sheet.deduplicated += 1;
    return undefined;
  }
  sheet.seen.add(rowHash);
  sheet.lines.push(`${own},${loadFields(values, meta, values.length - meta)}\n`);
  sheet.count += 1;
  return undefined;
}

/** Counts a row that a value stops as filtered, or keeps it aside, or stops the page. */
function leaveOut(
  program: Program,
  sheet: Sheet,
  page: CleanPage,
  unit: Unit,
  bad: StoppingValue,
): PageFailure | undefined {
  if (bad.fails) return failed(program, page, unit, bad);
  if (bad.invalid.otherwise === 'discard_row') sheet.filtered += 1;
  else block(program, sheet, page, unit, bad);
  return undefined;
}

const failed = (
  program: Program,
  page: CleanPage,
  unit: Unit,
  { property, invalid, value }: BadValue,
): PageFailure =>
  badValue({
    stream: accountStream(program.stream),
    mapping: program.mapping,
    page: page.page,
    record: page.keys[unit.ordinal] ?? '',
    property,
    reason: invalid.reason,
    value: keptText(value),
  });
