import { atAccount, defaultAccount } from '../model/accounts.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import { complaint } from '../model/errors.ts';
import type { Plan } from '../model/plan.ts';
import { streamsOf } from '../model/stream-refs.ts';
import { canonical } from './canonical.ts';
import { movedNodes, movedText, structureOf, workOf } from './nodes.ts';

/** What of a plan may be performed under the plan that was applied last. */
export interface Servable {
  /** Why nothing may. */
  readonly refused: readonly Diagnostic[];
  /** Why certain streams may not, by `source.stream` or `source.stream@account`. */
  readonly held: ReadonlyMap<string, readonly Diagnostic[]>;
}

const applyFirst =
  '`etl plan` shows what changes, and `etl run` applies it; this goes on by itself after that.';

/**
 * A stream is served where it, its source, and all that is made of it are as they were applied: no table is changed that
 * nobody has agreed to, and no rows are staged for a mapping that the warehouse does not know.
 */
export function servable(last: Plan | undefined, now: Plan): Servable {
  if (last === undefined) return { refused: [neverApplied(now)], held: new Map() };
  const refused: Diagnostic[] = [];
  const held = new Map<string, Diagnostic[]>();
  const reasons = [...movedReasons(last, now), ...ddlReasons(last, now)];
  for (const { node, text } of reasons) {
    const streams = concerned(node, last, now);
    const diagnostic = complaint('ETL0333', text, applyFirst);
    if (streams === undefined) refused.push(diagnostic);
    for (const stream of streams ?? []) held.set(stream, [...(held.get(stream) ?? []), diagnostic]);
  }
  return { refused, held };
}

interface Reason {
  readonly node: string;
  readonly text: string;
}

const movedReasons = (last: Plan, now: Plan): readonly Reason[] =>
  movedNodes(structureOf(last), structureOf(now), true).map((moved) => ({
    node: moved.node,
    text: `${movedText(moved)} since the plan that was applied last`,
  }));

/** DDL that the applied plan holds word for word was agreed to: its run did not get that far. */
function ddlReasons(last: Plan, now: Plan): readonly Reason[] {
  const agreed = workOf(last);
  return [...workOf(now)].flatMap(([node, statements]): readonly Reason[] => {
    if (!node.startsWith('the DDL of ')) return [];
    if (agreed.has(node) && canonical(agreed.get(node)) === canonical(statements)) return [];
    return [{ node, text: `${node} is needed, and no applied plan holds it` }];
  });
}

/** Streams that a node is about, of each account; undefined where it is about all of them. */
function concerned(node: string, ...plans: readonly Plan[]): readonly string[] | undefined {
  const [, kind, name = ''] =
    /^the (source|stream|sweep of|mapping|checks of|load of|DDL of) (\S+)$/.exec(node) ?? [];
  if (kind === undefined) return undefined;
  if (kind === 'stream' || kind === 'sweep of') return [name];
  const [source, account] = kind === 'source' ? name.split('@') : [undefined, undefined];
  const mappings = plans.flatMap((plan) => Object.values(plan.mappings));
  const own = source === undefined ? mappings.filter((one) => one.name === name) : mappings;
  const streams = own.flatMap(streamsOf).filter((one) => source === undefined || isOf(one, source));
  const accounts = source === undefined ? accountsIn(plans) : () => [account ?? defaultAccount];
  return [...new Set(streams.flatMap((one) => accounts(one).map((each) => atAccount(one, each))))];
}

const isOf = (stream: string, source: string): boolean => stream.startsWith(`${source}.`);

/** The accounts that a stream is read for. */
const accountsIn =
  (plans: readonly Plan[]) =>
  (stream: string): readonly string[] => {
    const all = plans.flatMap(({ sources }) => Object.values(sources));
    return all.filter(({ name }) => isOf(stream, name)).map(({ account = defaultAccount }) => account);
  };

const neverApplied = ({ environment }: Plan): Diagnostic =>
  complaint(
    'ETL0333',
    `no plan was applied in the environment ${environment} yet`,
    '`etl serve` runs under the structure that was applied last. `etl plan` shows what a first run does, and `etl run` applies it.',
  );
