import { Document, isCollection, isMap, isScalar, isSeq, type Node, parseDocument, visit } from 'yaml';
import type * as config from '../model/config.ts';
import type { CaseChange } from '../model/fixture.ts';

/** Longest record, row or part of one that stays on a line. */
const lineCharactersMax = 100;

/** The text of a new test file. `modeline` says where editors find the schema; `origin` where the records come from. */
export function fixtureText(test: config.Test, modeline: string, origin: string): string {
  const document = new Document(test);
  document.commentBefore = `${modeline.replace(/^#/, '')}\n ${origin}`;
  visit(document, {
    Collection: (_, node, path) => {
      // Beside the file itself, its cases and each of them.
      if (path.length > 4 && fits(node)) node.flow = true;
    },
    Pair: (_, pair) => {
      if (isScalar(pair.key) && pair.key.value === 'rows' && isSeq(pair.value))
        for (const row of pair.value.items) if (isMap(row)) row.flow = true;
    },
  });
  return document.toString({ lineWidth: 0, flowCollectionPadding: false });
}

const fits = (node: Node): boolean => JSON.stringify(node.toJSON()).length <= lineCharactersMax;

/** The text of a test file whose cases expect what was found; comments, and all that need not change, stay. */
export function withCases(text: string, changes: ReadonlyMap<number, CaseChange>): string {
  const document = parseDocument(text, { intAsBigInt: true });
  for (const [at, change] of changes) changeCase(document, at, change);
  return document.toString({ lineWidth: 0, flowCollectionPadding: /\{ /.test(text) });
}

function changeCase(document: Document, at: number, change: CaseChange): void {
  const place = ['cases', at];
  for (const { row, column, value } of change.values ?? []) {
    const path = [...place, 'rows', row, column];
    if (value === undefined) document.deleteIn(path);
    else document.setIn(path, asBefore(document.getIn(path), value));
  }
  changeRows(document, [...place, 'rows'], change);
  if (change.blocked !== undefined) changeBlocked(document, [...place, 'blocked'], change.blocked);
  changeCount(document, [...place, 'filtered'], change.filtered);
  changeCount(document, [...place, 'deleted'], change.deleted);
}

type Place = readonly (string | number)[];

/** A number that was written as one stays a number, where that says the same. */
function asBefore(before: unknown, value: unknown): unknown {
  const isNumber = typeof before === 'number' || typeof before === 'bigint';
  const number = typeof value === 'string' && isNumber ? Number(value) : Number.NaN;
  return String(number) === value && Math.abs(number) <= Number.MAX_SAFE_INTEGER ? number : value;
}

function changeRows(document: Document, place: Place, { rows, added = [] }: CaseChange): void {
  const list = document.getIn(place, true);
  if (!isSeq(list)) return;
  if (rows !== undefined) list.items.splice(rows);
  if (added.length === 0) return;
  // An empty list is written as `[]`: rows get a line each.
  list.flow = false;
  for (const row of added) list.add(inFlow(document, row));
}

function changeBlocked(document: Document, place: Place, properties: readonly string[]): void {
  if (properties.length === 0) document.deleteIn(place);
  else
    document.setIn(
      place,
      inFlow(
        document,
        properties.map((property) => ({ property })),
      ),
    );
}

function changeCount(document: Document, place: Place, count: number | undefined): void {
  if (count === 0) document.deleteIn(place);
  else if (count !== undefined) document.setIn(place, count);
}

function inFlow(document: Document, value: unknown): Node {
  const node = document.createNode(value);
  if (isCollection(node)) node.flow = true;
  return node;
}
