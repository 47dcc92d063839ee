import { atAccount, defaultAccount } from '../model/accounts.ts';
import type { ParentValues, StagedValue } from '../model/batch.ts';
import { accountColumn, versionsTable } from '../model/columns.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import { RefusedError } from '../model/errors.ts';
import type {
  ErasedPage,
  EraseStatement,
  Forgetting,
  RecordPlaces,
  RunFiles,
  StreamEraser,
  WarehouseEraser,
} from '../model/forget.ts';
import type { MappingPlan } from '../model/plan.ts';
import type { KeptPages, ResponseCache, Staging } from '../model/ports.ts';
import { hasVersionsTable } from '../model/strategy.ts';
import { declaredName } from '../model/sweep.ts';
import { childRedaction, childrenOf, wordsOf } from './forget-children.ts';
import { Finding } from './forget-finding.ts';
import {
  changedMapping,
  keyedChildren,
  strangeMappings,
  unreadPages,
  unsearchable,
} from './forget-findings.ts';
import { mentions, streamName, withoutNames, withoutNamesInJson, withoutPerson } from './forget-texts.ts';

export interface ForgetServices {
  readonly staging: Pick<Staging, 'pages' | 'keptPages'>;
  readonly forgetting: Forgetting;
  readonly warehouse: WarehouseEraser;
  readonly cache: Pick<ResponseCache, 'drop'>;
  /** Groups of replies that may hold something of the person. */
  readonly cacheGroups: readonly string[];
  readonly files: RunFiles;
  readonly erasers: readonly StreamEraser[];
  /** Stages the rows of a mapping that were left out of staging: the person's keys are found in them. */
  stageRows(mapping: string): Promise<void>;
  statement(
    mapping: MappingPlan,
    columns: readonly string[],
    rows: readonly (readonly StagedValue[])[],
    table?: string,
  ): EraseStatement;
}

/** Where one person is in a stream. */
interface FoundInStream {
  readonly eraser: StreamEraser;
  readonly places: readonly RecordPlaces[];
  readonly keys: ReadonlySet<string>;
  readonly texts: readonly string[];
  /** What other streams ask for with their records, by stream. */
  readonly parents: ReadonlyMap<string, readonly ParentValues[]>;
}

export interface FoundSubject {
  readonly streams: readonly FoundInStream[];
  /** Streams with pages that do not say whom their records are about. */
  readonly notSearched: readonly string[];
  /** What could not be searched. */
  readonly diagnostics: readonly Diagnostic[];
}

/** Searches all kept pages of all streams that say whom their records are about. Nothing is changed. */
export async function findSubject(services: ForgetServices): Promise<FoundSubject> {
  const streams: FoundInStream[] = [];
  const diagnostics: Diagnostic[] = [];
  const kept = await services.staging.keptPages();
  for (const eraser of services.erasers.filter((one) => isSearched(one, kept))) {
    const staged = await stagedMappings(eraser, services, diagnostics);
    const found = await findInStream(eraser, staged, services, diagnostics);
    diagnostics.push(...unsearchable(eraser, staged, kept.get(streamName(eraser))?.dropped ?? 0));
    streams.push(found);
  }
  diagnostics.push(...keyedChildren(services.erasers, kept));
  return { streams, notSearched: notSearched(services.erasers, kept), diagnostics };
}

type Kept = ReadonlyMap<string, KeptPages>;

/** What is read now, and what was read once. */
const isSearched = (eraser: StreamEraser, kept: Kept): boolean =>
  kept.has(streamName(eraser)) || (isDeclared(eraser) && eraser.mappings.length > 0);

/** Whether it is of the stream itself, and not of a sweep or a backfill of it. */
const isDeclared = ({ stream }: StreamEraser): boolean => declaredName(stream.name) === stream.name;

/** The declared stream, with the account. */
const declaredOf = ({ declared, stream }: StreamEraser): string => atAccount(declared, stream.account);

/** Streams with pages of which nobody says whom their records are about. */
const notSearched = (erasers: readonly StreamEraser[], kept: Kept): readonly string[] => {
  const searched = new Set(erasers.map(declaredOf));
  const declared = [...kept.keys()].map((name) => {
    const [full = '', account = defaultAccount] = name.split('@');
    return atAccount(declaredName(full), account);
  });
  return [...new Set(declared)].filter((name) => !searched.has(name)).sort();
};

/** Mappings of the stream that have staged something. @throws RefusedError when one has changed since */
async function stagedMappings(
  eraser: StreamEraser,
  { forgetting }: ForgetServices,
  diagnostics: Diagnostic[],
): Promise<readonly MappingPlan[]> {
  const { declared, mappings } = eraser;
  const known = await forgetting.mappings(declared);
  const changed = mappings.find(({ name, hash }) => known.has(name) && known.get(name) !== hash);
  if (changed !== undefined) throw new RefusedError('refused', [changedMapping(changed)]);
  const strange = [...known.keys()].filter((name) => mappings.every((one) => one.name !== name));
  const finding = strangeMappings(declared, strange);
  const isKnown = diagnostics.some(({ summary }) => summary === finding.summary);
  if (strange.length > 0 && isDeclared(eraser) && !isKnown) diagnostics.push(finding);
  return mappings.filter(({ name }) => known.has(name));
}

async function findInStream(
  eraser: StreamEraser,
  staged: readonly MappingPlan[],
  { staging, forgetting }: ForgetServices,
  diagnostics: Diagnostic[],
): Promise<FoundInStream> {
  const { stream } = eraser;
  const finding = new Finding();
  finding.askedByName(eraser.children);
  for await (const { id, body } of staging.pages(stream)) finding.page(id, eraser.find(body, id));
  for (const { mapping, column, value } of eraser.columns) {
    if (!staged.includes(mapping)) continue;
    for (const place of await forgetting.places(stream, mapping, column, [value])) finding.staged(place);
  }
  // Rows and markers whose response was let go.
  const personal = [...new Set([...eraser.names, ...finding.keys])].filter(eraser.namesKey);
  for (const mapping of staged)
    for (const place of await forgetting.places(stream, mapping, '_record', personal)) finding.staged(place);
  const { unread, keys, texts, parents } = finding;
  if (unread.length > 0) diagnostics.push(unreadPages(streamName(eraser), unread));
  return { eraser, places: finding.places(), keys, texts: [...texts], parents };
}

export interface ForgetRequest {
  /** Used when nobody was forgotten before. */
  readonly salt: string;
  readonly by: string;
}

export interface ForgetOutcome {
  readonly streams: readonly StreamOutcome[];
  readonly artifacts: number;
  readonly loadFiles: number;
}

interface StreamOutcome {
  readonly stream: string;
  readonly pages: number;
  readonly records: number;
  /** Rows of warehouse tables. */
  readonly loaded: number;
}

/**
 * Erases what was found, and leaves tombstones so that it does not come back. What a step needs to know is erased after
 * it: whenever this ends early, the same call finishes the rest.
 */
export async function forgetSubject(
  found: FoundSubject,
  { salt: fresh, by }: ForgetRequest,
  services: ForgetServices,
): Promise<ForgetOutcome> {
  const { forgetting, warehouse, cache, files } = services;
  const salt = (await forgetting.known())?.salt ?? fresh;
  const marks = marksOf(services.erasers, salt);
  // Before they are dropped: whoever is forgotten has no rows any more.
  const readers = services.erasers.flatMap(({ mappings }) => mappings.map(({ name }) => name));
  for (const name of new Set(readers)) await services.stageRows(name);
  await forgetting.begin(salt, marks, by);
  for (const group of services.cacheGroups) await cache.drop(group);
  const loadFiles = await files.removeLoadFiles();
  const person = personOf(found);
  const artifacts = await files.change(withoutPerson(person));
  for (const { eraser } of found.streams) {
    // The record of another account that has the same key is another one.
    const own = found.streams.filter((one) => declaredOf(one.eraser) === declaredOf(eraser));
    const keys = new Set(own.flatMap((one) => [...one.keys]));
    const redaction = {
      ...{ keys, says: mentions(person), without: withoutNames(person) },
      request: withoutNamesInJson(person),
    };
    await forgetting.redact(eraser.stream, redaction);
  }
  for (const { eraser, parents } of found.streams)
    for (const { child, parent } of childrenOf(eraser, parents, salt))
      await forgetting.redactChild(child.stream, childRedaction(child, parent, person));
  const streams: StreamOutcome[] = [];
  // A stream's own pages last: they tell what to look for in the others.
  for (const one of found.streams.toReversed()) streams.unshift(await forgetInStream(one, salt, services));
  await forgetting.scrub();
  await warehouse.rewrite();
  await forgetting.finish(marks.map(({ hash }) => hash));
  return { streams, artifacts, loadFiles };
}

/** One for each declared stream. */
const marksOf = (erasers: readonly StreamEraser[], salt: string) => [
  ...new Map(
    erasers.map((eraser) => [eraser.declared, { stream: eraser.declared, hash: eraser.hash(salt) }]),
  ).values(),
];

function personOf({ streams }: FoundSubject) {
  const keys = new Map<string, Set<string>>();
  for (const { eraser, keys: own } of streams)
    keys.set(eraser.declared, new Set([...(keys.get(eraser.declared) ?? []), ...own]));
  const erasers = streams.map(({ eraser }) => eraser);
  const asked = new Set(streams.flatMap(({ parents }) => [...parents.values()].flat().flatMap(wordsOf)));
  return { erasers, keys, texts: new Set(streams.flatMap(({ texts }) => texts)), asked };
}

async function forgetInStream(
  { eraser, places, keys }: FoundInStream,
  salt: string,
  services: ForgetServices,
): Promise<StreamOutcome> {
  const { forgetting } = services;
  const { declared } = eraser;
  const hash = eraser.hash(salt);
  const loaded = await eraseLoaded(eraser, { places, keys }, services);
  await forgetting.countLoaded(declared, hash, loaded);
  let [pages, records] = [0, 0];
  for (const place of places) {
    const erased = await erasedPage(eraser, place, salt, forgetting);
    await forgetting.erase(declared, hash, erased);
    pages += erased.body === undefined ? 0 : 1;
    records += erased.ordinals.length;
  }
  return { stream: streamName(eraser), pages, records, loaded };
}

/** Deletes the person's rows from the tables of a stream, by key, and by the subject where a column holds it. */
async function eraseLoaded(
  { mappings, columns, declared, stream }: StreamEraser,
  { places, keys: records }: Pick<FoundInStream, 'places' | 'keys'>,
  { forgetting, warehouse, statement }: ForgetServices,
): Promise<number> {
  const staged = await forgetting.mappings(declared);
  const statements: EraseStatement[] = columns
    .filter(({ mapping }) => staged.has(mapping.name))
    .map(({ mapping, column, value }) => statement(mapping, [column], [[value]]));
  const reloads: (readonly [mapping: string, page: number])[] = [];
  for (const mapping of mappings) {
    if (!staged.has(mapping.name)) continue;
    const { keys, reloadFrom } = await forgetting.rows(mapping, places);
    if (keys.length > 0) statements.push(statement(mapping, mapping.key, keys));
    if (reloadFrom !== undefined) reloads.push([mapping.name, reloadFrom]);
  }
  const deleted = await warehouse.erase(statements);
  // What tells which version of a record is the newest names it, and is no row.
  await warehouse.erase(
    mappings
      .filter((mapping) => hasVersionsTable(mapping) && records.size > 0)
      .map((mapping) =>
        statement(
          mapping,
          [accountColumn, '_record'],
          [...records].map((one) => [stream.account, one]),
          versionsTable(mapping.table),
        ),
      ),
  );
  for (const [mapping, page] of reloads) await forgetting.reload(mapping, page);
  return deleted;
}

/** A page that is not kept, or that cannot be read, still has rows. */
async function erasedPage(
  eraser: StreamEraser,
  place: RecordPlaces,
  salt: string,
  forgetting: Forgetting,
): Promise<ErasedPage> {
  const kept = await forgetting.page(place.page);
  const erased = kept && (await eraser.erase(kept.body, kept.id, salt));
  if (erased === undefined || 'transient' in erased) return { ...place, records: new Map() };
  return { ...erased, ordinals: [...new Set([...erased.ordinals, ...place.ordinals])] };
}
