import { accountStream, streamName } from '../model/accounts.ts';
import type { MappingPlan, RemapStep, Step, StreamPlan, StreamShape } from '../model/plan.ts';
import type { KeptPages } from '../model/position.ts';
import type { StateSnapshot } from '../model/snapshot.ts';
import type { LostLoads } from '../model/state-port.ts';
import { backfillOf, declaredName } from '../model/sweep.ts';

/** What becomes of a position that a stream of another shape has left: see `continued` in execute/extract. */
export function readAnew(before: StreamShape | undefined, { shape }: StreamPlan): string {
  if (before === undefined || before.asked === shape.asked) return '';
  return '; it is read anew, since what it asks for has changed';
}

/** The staging database was restored from a backup, or is gone: the warehouse knows of loads that it does not. */
export function reconcileStep({ lost }: StateSnapshot): readonly Step[] {
  return lost === undefined ? [] : [{ kind: 'reconcile', id: 'reconcile staging', reason: lostText(lost) }];
}

function lostText({ units, runs, from, to, lastPage }: LostLoads): string {
  const loads = `${units} ${units === 1 ? 'load' : 'loads'} of ${runs} ${runs === 1 ? 'run' : 'runs'}`;
  const when = from === to ? clockText(from) : `${clockText(from)} to ${clockText(to)}`;
  return (
    `staging is older than the warehouse, which has ${loads} (${when}, up to page ${lastPage}) that staging does not know; ` +
    'what they hold counts as loaded, pages are numbered behind them, and streams are read again from where staging stands'
  );
}

const clockText = (iso: string): string => `${iso.slice(0, 16).replace('T', ' ')} UTC`;

/** Streams from which a mapping learns what is gone. */
export const deletingStreams = ({ deletes }: MappingPlan): readonly string[] =>
  (deletes?.streams ?? []).map(({ stream }) => stream);

const sweptStream = ({ deletes }: MappingPlan): readonly string[] =>
  deletes?.sweep === undefined ? [] : [deletes.sweep.stream];

/** Streams whose records are those of a mapping. */
const ownStreams = (mapping: MappingPlan): readonly string[] => [
  mapping.stream,
  ...(mapping.versionedBy === undefined ? [] : [backfillOf(mapping.stream)]),
  ...sweptStream(mapping),
];

/** A mapping that is new or changed starts from the pages that are kept. */
export function remapStep(
  mapping: MappingPlan,
  streams: readonly StreamPlan[],
  snapshot: StateSnapshot,
): readonly Step[] {
  const known = snapshot.mappingHashes.get(mapping.name);
  if (known === mapping.hash) return overrideSteps(mapping, streams, snapshot);
  const what = known === undefined ? 'new' : 'changed';
  const made = [...ownStreams(mapping), ...deletingStreams(mapping)];
  return streamsIn(streams, made).flatMap((stream): readonly RemapStep[] => {
    const { kept, dropped, records } = snapshot.keptPages.get(accountStream(stream)) ?? nothingKept;
    if (kept + dropped === 0) return [];
    const from = fromText(mapping.stream, stream);
    const pages = `${kept} kept ${kept === 1 ? 'page is' : 'pages are'} mapped again${from}, without a request${recordsText(records)}`;
    const reason = `the mapping is ${what}: ${pages}${droppedText(dropped, stream)}`;
    const id = `remap ${mapping.name}${from}`;
    return [{ kind: 'remap', id, reason, mapping: mapping.name, stream, ...(dropped > 0 && { dropped }) }];
  });
}

/** Streams of these names, of all accounts, in the order of the names. */
const streamsIn = (streams: readonly StreamPlan[], names: readonly string[]): readonly StreamPlan[] =>
  names.flatMap((full) => streams.filter((stream) => streamName(stream) === full));

/** Whose pages they are, where that is not the mapping's own stream of the account `default`. */
export const fromText = (own: string, stream: StreamPlan): string =>
  accountStream(stream) === own ? '' : ` from ${accountStream(stream)}`;

/** A value that was set for a record which is blocked: its pages are mapped again, and no other. */
function overrideSteps(
  mapping: MappingPlan,
  streams: readonly StreamPlan[],
  snapshot: StateSnapshot,
): readonly RemapStep[] {
  const { name } = mapping;
  const pages = snapshot.overridden.get(name) ?? [];
  if (pages.length === 0) return [];
  const reason = `an override answers a Blocker: ${pages.length} kept ${pages.length === 1 ? 'page is' : 'pages are'} mapped again, without a request`;
  return streamsIn(streams, ownStreams(mapping)).flatMap((stream): readonly RemapStep[] => {
    const from = fromText(mapping.stream, stream);
    const isRead = (snapshot.keptPages.get(accountStream(stream))?.kept ?? 0) > 0;
    return !isRead
      ? []
      : [{ kind: 'remap', id: `remap ${name}${from}`, reason, mapping: name, stream, pages }];
  });
}

const nothingKept: KeptPages = { kept: 0, dropped: 0 };

const recordsText = (records: number | undefined): string =>
  records === undefined
    ? ''
    : ` (${records.toLocaleString('en-US')} ${records === 1 ? 'record' : 'records'}, 0 requests)`;

/** What can be asked for again by its cursor is. */
function droppedText(dropped: number, stream: StreamPlan): string {
  const { name, cursor } = stream;
  if (dropped === 0) return '';
  const text = `; ${dropped} ${dropped === 1 ? 'page' : 'pages'} cannot be, since retention has let the ${dropped === 1 ? 'response' : 'responses'} go`;
  const declared = accountStream({ ...stream, name: declaredName(name) });
  return cursor === undefined
    ? text
    : `${text}: \`etl run --backfill ${declared} --from … --to …\` reads a range again`;
}

/** The table has lost what was loaded, or lacks columns in it; a changed mapping is loaded again in any case. */
export function reloadStep(
  { name, hash, schema, table }: MappingPlan,
  isEmptied: boolean,
  snapshot: StateSnapshot,
): readonly Step[] {
  const lacking = snapshot.behind.get(name);
  if (!isEmptied && lacking === undefined) return [];
  if (!snapshot.loadedMappings.has(name) || snapshot.mappingHashes.get(name) !== hash) return [];
  const again = `all that is staged goes to ${schema}.${table} again`;
  const reason =
    isEmptied || lacking === undefined
      ? `${again}, which is new or has new columns`
      : `the warehouse lacks the last load of ${name} (${clockText(lacking)}): it was restored from a backup, or is another one; ${again}`;
  return [{ kind: 'reload', id: `reload ${name}`, reason, mapping: name }];
}
